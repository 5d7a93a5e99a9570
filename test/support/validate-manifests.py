"""
Validates manifests against the schemas of Kubernetes, unknown fields included: `validate-manifests.py VERSION...` with a JSON
list of manifests on standard input. Prints a JSON list of problems, each with `index`, `version` and `message`.
"""

import json
import sys

import kubernetes_validate

problems = []
for index, manifest in enumerate(json.load(sys.stdin)):
    for version in sys.argv[1:]:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            message = f"{error.path}: {error.message}"
            problems.append({"index": index, "version": version, "message": message})
        except kubernetes_validate.SchemaNotFoundError:
            problems.append({"index": index, "version": version, "message": "no schema"})
json.dump(problems, sys.stdout)
