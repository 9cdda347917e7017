"""Answers to a form on a telephone: FHIR QuestionnaireResponses in files or on a FHIR server."""

from hm_fhir.sources.questionnaire.source import KIND

__all__ = ["KIND"]
