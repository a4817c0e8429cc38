from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "quality"

    def ready(self) -> None:
        from cases.policies import register
        from quality import panels, receivers, stages  # noqa: F401
        from quality.queries import sampled_cases  # noqa: F401
        from quality.rules.numbers import SECTION

        register(SECTION)
