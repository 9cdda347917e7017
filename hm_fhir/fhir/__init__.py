"""What is true of FHIR itself, whoever uses it: JSON text, OperationOutcome, withdrawal, receiver-owned elements."""
