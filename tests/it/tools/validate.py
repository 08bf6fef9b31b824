"""Prints what AWS's own validator says against each template, from warnings on, one finding a line."""

import sys

from cloudformation_validate import CompositeEngine

engine = CompositeEngine()
for path in sys.argv[1:]:
    for finding in engine.validate_template(path).diagnostics:
        if finding.severity.name != "INFO":
            print(f"{path}: {finding.severity.name} {finding.rule_id}: {finding.message}")
