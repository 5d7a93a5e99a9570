{{- define "scopegate.name" -}}
{{- if eq .Release.Name "scopegate" }}scopegate{{ else }}{{ printf "%s-scopegate" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{/* What chooses the pods of this release. */}}
{{- define "scopegate.selector" -}}
app.kubernetes.io/name: scopegate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "scopegate.labels" -}}
{{ include "scopegate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* The port of an address of the configuration. */}}
{{- define "scopegate.port" -}}
{{- regexFind "[0-9]+$" . | required (printf "config.listen: %q has no port; the chart needs addresses like 0.0.0.0:50051" .) -}}
{{- end }}

{{/* The address of an address that the kubelet has to reach. */}}
{{- define "scopegate.reachable" -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" . }}{{ fail (printf "config.listen: %s is reached from inside the pod only; write 0.0.0.0 in place of the host" .) }}{{ end -}}
{{- end }}
