# The image of Case File Audit: web, worker, beat and manage.py, by the command given.

FROM python:3.13-slim AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.lock .
RUN /opt/venv/bin/pip install --no-deps --require-hashes -r requirements.lock


FROM python:3.13-slim
# Pango draws the text of the committee report's PDF.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
 && rm -rf /var/lib/apt/lists/*

# A fixed number, so that the volume keeps its owner when the image is built again.
RUN groupadd --gid 10001 cfa \
 && useradd --uid 10001 --gid cfa --no-create-home --home-dir /srv/app --shell /usr/sbin/nologin cfa \
 && install -d -o cfa -g cfa -m 0700 /srv/media /srv/beat

COPY --from=packages /opt/venv /opt/venv
COPY . /srv/app
WORKDIR /srv/app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production

# Production settings refuse to load without secrets; these live for one line and are random.
RUN SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(40))") \
    CFA_DRAW_SECRET=$(python -c "import secrets; print(secrets.token_hex(40))") \
    DATABASE_URL=postgres://localhost/none REDIS_URL=redis://localhost \
    ALLOWED_HOSTS=localhost SITE_URL=https://localhost COUNCIL_NAME=none \
    DUTY_PHONE=none OUT_OF_HOURS_PHONE=none \
    python manage.py collectstatic --no-input

USER 10001:10001
EXPOSE 8000
VOLUME /srv/media
HEALTHCHECK --interval=30s --timeout=12s --start-period=30s --retries=3 \
    CMD ["python", "-m", "config.launch.healthcheck", "web"]
CMD ["gunicorn", "config.wsgi:application", "--bind", "0.0.0.0:8000", \
     "--worker-class", "gthread", "--workers", "3", "--threads", "4", "--timeout", "120", \
     "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "--no-control-socket"]
