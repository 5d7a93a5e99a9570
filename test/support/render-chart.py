"""
Renders a chart with Helm's own engine: `render-chart.py CHART` with a JSON list of releases on standard input, each with
`name`, `namespace` and `values`. Prints a JSON list: of each release its `templates` (file name to text) or its `problem`.
A chart that Helm's linter finds a warning or an error in is a problem for every release.
"""

import json
import sys

import helm_python as helm

chart_path = sys.argv[1]
findings = [one["error"] for one in helm.lint(chart_path)["messages"] if one["severity"] > 1]
results = []
with helm.Chart.load(chart_path) as chart:
    for release in json.load(sys.stdin):
        try:
            if findings:
                raise ValueError("; ".join(findings))
            templates = chart.render(
                release["values"], name=release["name"], namespace=release["namespace"]
            )
            results.append({"templates": templates})
        except (helm.HelmError, ValueError) as error:
            results.append({"problem": str(error)})
json.dump(results, sys.stdout)
