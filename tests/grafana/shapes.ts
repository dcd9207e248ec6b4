// The types that Grafana publishes of what the dashboards are made of, under names of their own.

import type * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export type Dashboard = dashboard.Dashboard;
export type Query = prometheus.Dataquery;
export type BargaugeOptions = bargauge.Options;
export type HeatmapOptions = heatmap.Options;
export type StatOptions = stat.Options;
export type TimelineOptions = statetimeline.Options;
export type TableOptions = table.Options;
export type TimeseriesOptions = timeseries.Options;
export type HeatmapField = heatmap.FieldConfig;
export type TimelineField = statetimeline.FieldConfig;
export type TableField = table.FieldConfig;
export type TimeseriesField = timeseries.FieldConfig;
