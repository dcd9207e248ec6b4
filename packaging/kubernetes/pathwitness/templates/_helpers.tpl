{{- define "pathwitness.name" -}}
{{- if contains "pathwitness" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-pathwitness" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pathwitness.selector" -}}
app.kubernetes.io/name: pathwitness
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pathwitness.labels" -}}
{{ include "pathwitness.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
