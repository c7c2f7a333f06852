// Made by `make page-types` from the API's OpenAPI; a test compares both.

export interface CanceledReport {
  report_id: string;
  status?: "Failed";
}

export interface CsvFile {
  bytes: number;
  sha256: string;
}

export interface ExpectationResult {
  suite: string;
  expectation: string;
  severity: "fail" | "warn";
  changes_figures: boolean;
  is_met: boolean;
  description: string;
  observed_value: string | null;
  unexpected_count: number | null;
  examples: Array<unknown>;
  file: FileReference | null;
  checked_at: string;
}

export interface FieldError {
  field: string;
  message: string;
}

export interface FileReference {
  file_id: number;
  name: string;
  kind: string;
}

export interface HistogramBin {
  from: number;
  to: number;
  stores: number;
}

export interface ListPermissions {
  trigger: boolean;
  cancel: boolean;
}

export interface Opening {
  weekday: number;
  start: string;
  end: string;
}

export interface PeriodFigures {
  open: string;
  uptime: string;
  downtime: string;
  unknown: string;
  open_us: number;
  uptime_us: number;
  downtime_us: number;
  unknown_us: number;
  uptime_percent: string | null;
}

export interface PeriodTotals {
  open: string;
  uptime: string;
  downtime: string;
  unknown: string;
  open_us: string;
  uptime_us: string;
  downtime_us: string;
  unknown_us: string;
  uptime_percent: string | null;
}

export interface Poll {
  at: string;
  status: "active" | "inactive";
}

export interface PreviousReport {
  report_id: string;
  as_of: string;
  created_at: string;
  totals: TotalsByPeriod;
}

export interface ProblemDetails {
  type?: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  errors?: Array<FieldError> | null;
}

export interface QuarantinePage {
  rows: Array<QuarantinedRow>;
  total: number;
  next: string | null;
}

export interface QuarantineReason {
  file_id: number;
  file: string;
  reason: string;
  column: string | null;
  rows: number;
}

export interface QuarantinedRow {
  file_id: number;
  file: string;
  line_number: number;
  column: string | null;
  reason: string;
  raw_text: string;
}

export interface Report {
  report_id: string;
  dag_run_id: string;
  state: ReportState;
  created_at: string;
  finished_at: string | null;
  run_type: string | null;
  requested_by: string | null;
  as_of: string | null;
  store_count: number | null;
  failed_task: string | null;
  cause: string | null;
  warnings: number | null;
  links: ReportLinks;
}

export interface ReportComparison {
  uptime_percent: string | null;
  stores_better: number;
  stores_worse: number;
  stores_new: number;
  stores_gone: number;
  drops: Array<UptimeDrop>;
}

export interface ReportDetail {
  report_id: string;
  dag_run_id: string;
  state: ReportState;
  created_at: string;
  finished_at: string | null;
  run_type: string | null;
  requested_by: string | null;
  as_of: string | null;
  store_count: number | null;
  failed_task: string | null;
  cause: string | null;
  warnings: number | null;
  links: ReportDetailLinks;
  parameters: ReportParameters;
  tasks: Array<ReportTask>;
  sources: Array<SourceFile>;
  snapshots: Snapshots;
  quality: ValidationCounts | null;
  csv: CsvFile | null;
  may: ReportPermissions;
}

export interface ReportDetailLinks {
  self: string;
  dag_run: string;
  get_report: string;
  csv: string | null;
  xlsx: string | null;
  parquet: string | null;
  json: string | null;
  stores: string | null;
  summary: string | null;
  events: string;
  cancel: string;
  quality: string;
  quarantine: string;
}

export interface ReportLinks {
  self: string;
  dag_run: string;
}

export interface ReportPage {
  reports: Array<Report>;
  next: string | null;
  may: ListPermissions;
}

export interface ReportParameters {
  as_of: string | null;
  max_gap: string | null;
  no_data: string;
  store_ids: Array<string> | null;
  shards: number;
}

export interface ReportPermissions {
  cancel: boolean;
}

export interface ReportRequest {
  as_of?: string | null;
  max_gap?: string | null;
  no_data?: "unknown" | "down";
  store_ids?: Array<string> | null;
  shards?: number;
}

export type ReportState = "Queued" | "Running" | "Complete" | "Failed";

export interface ReportStatus {
  status: "Queued" | "Running" | "Failed";
  created_at: string;
  failed_task?: string | null;
  cause?: string | null;
}

export interface ReportSummary {
  report_id: string;
  as_of: string;
  period: "last_hour" | "last_day" | "last_week";
  store_count: number;
  totals: TotalsByPeriod;
  histogram: Array<HistogramBin>;
  no_percent: number;
  always_up: number;
  always_down: number;
  worst: Array<StoreFigures>;
  before: PreviousReport | null;
  change: ReportComparison | null;
}

export interface ReportTask {
  task: string;
  state: string | null;
  started_at: string | null;
  finished_at: string | null;
  seconds: number | null;
  shards: number;
  shards_done: number;
  counts: Record<string, number | string | boolean | null>;
}

export interface Snapshot {
  file_id: number;
  name: string;
  content_sha256: string;
}

export interface Snapshots {
  business_hours: Snapshot | null;
  store_timezones: Snapshot | null;
}

export interface SourceFile {
  file_id: number;
  kind: string;
  name: string;
  content_sha256: string;
  state: string;
  size_bytes: number;
  rows_read: number;
  rows_quarantined: number;
  rows_replaced: number;
  store_count: number;
  first_polled_at: string | null;
  last_polled_at: string | null;
  loaded_at: string;
  rejected_because: string | null;
}

export interface StoreDetail {
  last_hour: PeriodFigures;
  last_day: PeriodFigures;
  last_week: PeriodFigures;
  store_id: string;
  timezone: string;
  has_timezone: boolean;
  has_business_hours: boolean;
  report_id: string;
  as_of: string;
  no_data: string;
  max_gap: string | null;
  week: TimeRange;
  offsets: Array<UtcOffsetRange>;
  open: Array<[string, string]>;
  up: Array<[string, string]>;
  down: Array<[string, string]>;
  unknown: Array<[string, string]>;
  polls: Array<Poll>;
  polls_left_out: number;
  business_hours: Array<Opening>;
}

export interface StoreFigures {
  last_hour: PeriodFigures;
  last_day: PeriodFigures;
  last_week: PeriodFigures;
  store_id: string;
  timezone: string;
  has_timezone: boolean;
  has_business_hours: boolean;
}

export interface StorePage {
  stores: Array<StoreFigures>;
  total: number;
  matching: number;
  next: string | null;
  previous: string | null;
}

export interface TimeRange {
  from: string;
  to: string;
}

export interface TotalsByPeriod {
  last_hour: PeriodTotals;
  last_day: PeriodTotals;
  last_week: PeriodTotals;
}

export interface TriggeredReport {
  report_id: string;
}

export interface UptimeDrop {
  store_id: string;
  before: string;
  now: string;
  change: string;
}

export interface UtcOffsetRange {
  from: string;
  to: string;
  utc_offset_seconds: number;
}

export interface Validation {
  expectations: number;
  met: number;
  warnings: number;
  failures: number;
  quarantined_rows: number;
  report_id: string;
  dag_run_id: string;
  verdict: "passed" | "warned" | "failed";
  created_at: string;
  checked_at: string;
  rows_read: number;
}

export interface ValidationCounts {
  expectations: number;
  met: number;
  warnings: number;
  failures: number;
  quarantined_rows: number;
}

export interface ValidationDetail {
  expectations: number;
  met: number;
  warnings: number;
  failures: number;
  quarantined_rows: number;
  report_id: string;
  dag_run_id: string;
  verdict: "passed" | "warned" | "failed";
  created_at: string;
  checked_at: string;
  rows_read: number;
  expectations_list: Array<ExpectationResult>;
  files: Array<SourceFile>;
  quarantine: Array<QuarantineReason>;
  data_docs: string | null;
  links: ValidationLinks;
}

export interface ValidationLinks {
  report: string;
  quarantine: string;
  csv: string;
  xlsx: string;
  json: string;
}

export interface ValidationPage {
  runs: Array<Validation>;
  next: string | null;
}
