from django.apps import AppConfig


class AuditsConfig(AppConfig):
    name = "audits"

    def ready(self) -> None:
        from audits import receivers, stages  # noqa: F401
        from audits.queries import sampled_cases  # noqa: F401
        from audits.rules.numbers import SECTION
        from cases.policies import register

        register(SECTION)
