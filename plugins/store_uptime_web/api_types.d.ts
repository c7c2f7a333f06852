// Made by `make page-types` from the API's OpenAPI; a test compares both.

export interface AnomaliesPage {
  as_of: string;
  accepted_order: number;
  anomalies: Array<Anomaly>;
  judged_until: string | null;
  total: number;
  next: string | null;
  previous: string | null;
}

export interface Anomaly {
  kind: "downtime" | "opened_late" | "closed_early" | "common_cause" | "data";
  scope_kind: string;
  scope: string;
  from_date: string;
  until_date: string;
  observed: number;
  expected: number;
  score: number;
  explanation: string;
}

export interface Availability {
  period: string;
  from_date: string;
  until_date: string;
  is_final: boolean;
  scope: string;
  stores: number;
  open_us: string;
  planned_us: string;
  up_us: string;
  down_us: string;
  unknown_us: string;
  uptime_percent: number | null;
  uptime_percent_low: number | null;
  uptime_percent_high: number | null;
  outages: number;
  longest_outage_us: string;
  mttr_us: string | null;
  mtbf_us: string | null;
  opened_late_us: string;
  closed_early_us: string;
  missed_openings: number;
  target_percent: number | null;
  days_without_target: number;
  budget_us: string | null;
  remaining_us: string | null;
  verdict: "met" | "breached" | "undecided" | "at_risk" | "on_track" | null;
}

export interface AvailabilityPage {
  as_of: string;
  accepted_order: number;
  availability: Array<Availability>;
  next: string | null;
}

export interface CanceledReport {
  report_id: string;
  status?: "Failed";
}

export interface CsvFile {
  bytes: number;
  sha256: string;
}

export interface DateBurn {
  date: string;
  down_us: string;
}

export interface DatesBefore {
  from_date: string;
  until_date: string;
}

export interface Delivery {
  delivery_id: number;
  period: string;
  from_date: string;
  until_date: string;
  due_at: string;
  deadline_at: string;
  state: "waiting" | "rendered" | "skipped" | "failed";
  is_provisional: boolean | null;
  finished_at: string | null;
  reason: string | null;
  messages: Array<DeliveryMessage>;
}

export interface DeliveryMessage {
  recipient: string;
  state: "queued" | "sent" | "given_up";
  attempts: number;
  next_attempt_at: string;
  sent_at: string | null;
  error: string | null;
}

export interface DeliveryPage {
  deliveries: Array<Delivery>;
  next: string | null;
}

export interface DeliveryPermissions {
  change: boolean;
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

export interface Explanation {
  store_id: string;
  at: string;
  as_of: string;
  counts_as: "up" | "down" | "unknown" | "planned" | "closed" | null;
  local_time: string;
  timezone: string;
  utc_offset: string;
  opening_rule: "special hours" | "weekly hours" | "always open" | "closed by special hours" | "closed by weekly hours";
  opening_rows: Array<OpeningRow>;
  planned_downtime: Array<PlannedRow>;
  status: "up" | "down" | "unknown";
  status_rule: "last poll" | "before the first poll" | "beyond max gap" | "no poll";
  max_gap: string | null;
  poll: PollHeld | null;
}

export interface FieldError {
  field: string;
  message: string;
}

export interface FigureWarning {
  expectation: string;
  description: string;
  observed_value: string | null;
  example: string | null;
}

export interface FileReference {
  file_id: number;
  name: string;
  kind: string;
}

export interface ForecastHour {
  store_id: string;
  hour_start: string;
  probability_down: number;
  brier_score: number;
  brier_climatology: number;
  brier_persistence: number;
}

export interface ForecastPage {
  as_of: string;
  accepted_order: number;
  no_forecast_because: string | null;
  forecast: Array<ForecastHour>;
  stores: number;
  track: ForecastTrack | null;
  total: number;
  next: string | null;
  previous: string | null;
}

export interface ForecastTrack {
  from_date: string;
  until_date: string;
  hours: number;
  brier_score: number;
  brier_climatology: number;
  brier_persistence: number;
  skill_percent: number;
  is_better: boolean;
}

export interface GroupDowntime {
  kind: string;
  name: string;
  stores: number;
  open_us: string;
  down_us: string;
  uptime_percent: number | null;
}

export interface GroupFigures {
  period: string;
  from_date: string;
  until_date: string;
  is_final: boolean;
  scope: string;
  stores: number;
  open_us: string;
  planned_us: string;
  up_us: string;
  down_us: string;
  unknown_us: string;
  uptime_percent: number | null;
  uptime_percent_low: number | null;
  uptime_percent_high: number | null;
  outages: number;
  longest_outage_us: string;
  mttr_us: string | null;
  mtbf_us: string | null;
  opened_late_us: string;
  closed_early_us: string;
  missed_openings: number;
  target_percent: number | null;
  days_without_target: number;
  budget_us: string | null;
  remaining_us: string | null;
  verdict: "met" | "breached" | "undecided" | "at_risk" | "on_track" | null;
  mean_percent: string | null;
  tenth_percentile_percent: string | null;
  stores_with_target: number;
  stores_meeting_target: number;
  meeting_percent: string | null;
  downtime_percent: string | null;
  before_percent: string | null;
  change: string | null;
}

export interface GroupKind {
  kind: string;
  groups: number;
  names: Array<GroupName>;
}

export interface GroupKinds {
  as_of: string;
  accepted_order: number;
  kinds: Array<GroupKind>;
}

export interface GroupName {
  name: string;
  stores: number;
}

export interface GroupsNow {
  as_of: string;
  accepted_order: number;
  totals: StateCounts;
  all_groups: number;
  groups: Array<StateCounts>;
}

export interface GroupsPage {
  as_of: string;
  accepted_order: number;
  groups: Array<GroupFigures>;
  total: number;
  matching: number;
  before: DatesBefore;
  next: string | null;
  previous: string | null;
}

export interface HeldBack {
  events: number;
  since: string;
  reason: string | null;
}

export interface HistogramBin {
  from: number;
  to: number;
  stores: number;
}

export interface HourOfWeek {
  weekday: number;
  hour: number;
  open_us: string;
  planned_us: string;
  up_us: string;
  down_us: string;
  unknown_us: string;
  uptime_percent: string | null;
}

export interface LastDelivery {
  period: string;
  state: "waiting" | "rendered" | "skipped" | "failed";
  reason: string | null;
  messages: number;
  sent: number;
  given_up: number;
}

export interface ListPermissions {
  trigger: boolean;
  cancel: boolean;
}

export interface MembersPage {
  as_of: string;
  accepted_order: number;
  members: Array<Availability>;
  total: number;
  matching: number;
  next: string | null;
  previous: string | null;
}

export interface Notice {
  notice_id: number;
  event: "outage" | "missed_opening" | "group_outage" | "budget" | "breach" | "data";
  phase: "begun" | "ended";
  scope: string;
  started_at: string;
  ended_at: string | null;
  line: string;
  noticed_at: string;
  told_at: string | null;
  subject: string | null;
  messages: Array<DeliveryMessage>;
}

export interface NoticePage {
  notices: Array<Notice>;
  next: string | null;
}

export interface NowPage {
  as_of: string;
  accepted_order: number;
  now: Array<StoreNow>;
  next: string | null;
  previous: string | null;
}

export interface OffsetOnDates {
  from: string;
  to: string;
  utc_offset_seconds: number;
  timezone: string;
}

export interface Opening {
  weekday: number;
  start: string;
  end: string;
}

export interface OpeningRow {
  kind: "business_hours" | "special_hours";
  scope: string;
  date: string;
  start_time_local: string | null;
  end_time_local: string | null;
  reason: string | null;
  file: string;
  line: number | null;
}

export interface Outage {
  store_id: string;
  started_at: string;
  ended_at: string;
  downtime_us: string;
  elapsed_us: string;
  ended_by: "up" | "unknown" | null;
  started_after: string | null;
  ended_before: string | null;
}

export interface OutageStartHour {
  weekday: number;
  hour: number;
  outages: number;
  ongoing: number;
  downtime_us: string;
}

export interface OutageStartHours {
  as_of: string;
  accepted_order: number;
  outages: number;
  ongoing: number;
  downtime_us: string;
  start_hours: Array<OutageStartHour>;
}

export interface OutagesPage {
  as_of: string;
  accepted_order: number;
  outages: Array<Outage>;
  next: string | null;
  previous: string | null;
}

export interface Outbox {
  is_on: boolean;
  is_paused: boolean;
  reason: string | null;
  queued: number;
  sent: number;
  given_up: number;
}

export interface Overview {
  as_of: string;
  accepted_order: number;
  max_gap: string | null;
  first_date: string | null;
  last_poll_at: string | null;
  now: StateCounts;
  lately: Array<TimeLately>;
  outages: Array<Outage>;
  groups: Array<GroupDowntime>;
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
  coverage_percent: string | null;
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
  coverage_percent: string | null;
}

export interface PlannedRow {
  scope: string;
  starts_at: string;
  ends_at: string | null;
  reason: string | null;
  file: string;
  line: number;
}

export interface Poll {
  at: string;
  status: "active" | "inactive";
}

export interface PollHeld {
  polled_at: string;
  status: "active" | "inactive";
  file: string;
  sha256: string;
  accepted_at: string;
}

export interface Preview {
  subject: string;
  text: string;
  files: Array<PreviewedFile>;
}

export interface PreviewedFile {
  name: string;
  media_type: string;
  bytes: number;
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
  kind: string;
  reason: string;
  examples: Array<string>;
  column: string | null;
  rows: number;
}

export interface QuarantinedRow {
  file_id: number;
  file: string;
  line_number: number;
  column: string | null;
  kind: string;
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
  warnings_that_change_figures: number | null;
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
  warnings_that_change_figures: number | null;
  links: ReportDetailLinks;
  parameters: ReportParameters;
  tasks: Array<ReportTask>;
  data_folder: string | null;
  other_folders: Array<string>;
  sources: Array<SourceFile>;
  status_files: number;
  snapshots: Snapshots;
  quality: ValidationCounts | null;
  figure_warnings: Array<FigureWarning>;
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
  hours_valid_from: string | null;
  zones_valid_from: string | null;
}

export interface ReportPermissions {
  cancel: boolean;
  run_again: boolean;
}

export interface ReportRequest {
  as_of?: string | null;
  max_gap?: string | null;
  no_data?: "unknown" | "down";
  store_ids?: Array<string> | null;
  shards?: number;
  hours_valid_from?: string | null;
  zones_valid_from?: string | null;
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
  timezones: Array<StoresOfTimezone>;
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

export interface Rule {
  name: string;
  events: Array<"outage" | "missed_opening" | "group_outage" | "budget" | "breach" | "data">;
  recipients: Array<string>;
  store_id?: string | null;
  group_kind?: string | null;
  group_name?: string | null;
  by?: string;
  timezone?: string;
  quiet_from?: string | null;
  quiet_until?: string | null;
  digest_minutes?: number;
  hourly_cap?: number;
  inactive_polls?: number;
  least_minutes?: number;
  grace_minutes?: number;
  group_percent?: number;
  stale_hours?: number;
  is_paused?: boolean;
  rule_id: number;
  last_told_at: string | null;
  held_back: HeldBack | null;
  changed_by: string;
  changed_at: string;
}

export interface RuleChange {
  name?: string | null;
  events?: Array<"outage" | "missed_opening" | "group_outage" | "budget" | "breach" | "data"> | null;
  recipients?: Array<string> | null;
  store_id?: string | null;
  group_kind?: string | null;
  group_name?: string | null;
  by?: string | null;
  timezone?: string | null;
  quiet_from?: string | null;
  quiet_until?: string | null;
  digest_minutes?: number | null;
  hourly_cap?: number | null;
  inactive_polls?: number | null;
  least_minutes?: number | null;
  grace_minutes?: number | null;
  group_percent?: number | null;
  stale_hours?: number | null;
  is_paused?: boolean | null;
}

export interface RuleRequest {
  name: string;
  events: Array<"outage" | "missed_opening" | "group_outage" | "budget" | "breach" | "data">;
  recipients: Array<string>;
  store_id?: string | null;
  group_kind?: string | null;
  group_name?: string | null;
  by?: string;
  timezone?: string;
  quiet_from?: string | null;
  quiet_until?: string | null;
  digest_minutes?: number;
  hourly_cap?: number;
  inactive_polls?: number;
  least_minutes?: number;
  grace_minutes?: number;
  group_percent?: number;
  stale_hours?: number;
  is_paused?: boolean;
}

export interface Rules {
  rules: Array<Rule>;
  outbox: Outbox;
  allowed: Array<string>;
  may: DeliveryPermissions;
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

export interface StateCounts {
  scope: string;
  stores: number;
  open: number;
  up: number;
  down: number;
  down_and_closed: number;
  unknown: number;
  closed: number;
  oldest_outage_at: string | null;
}

export interface StoreDaysPage {
  as_of: string;
  accepted_order: number;
  days: Array<Availability>;
  total: number;
  matching: number;
  next: string | null;
  previous: string | null;
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

export interface StoreForecast {
  store_id: string;
  likeliest_at: string;
  probability_down: number;
  expected_down_us: string;
  probabilities: Array<number>;
  brier_score: number;
  brier_climatology: number;
  brier_persistence: number;
}

export interface StoreForecasts {
  as_of: string;
  accepted_order: number;
  no_forecast_because: string | null;
  stores: Array<StoreForecast>;
  of_stores: number;
  track: ForecastTrack | null;
  total: number;
  next: string | null;
  previous: string | null;
}

export interface StoreHours {
  as_of: string;
  accepted_order: number;
  store_id: string;
  from_date: string | null;
  until_date: string | null;
  hours: Array<HourOfWeek>;
}

export interface StoreNow {
  store_id: string;
  status: "up" | "down" | "unknown";
  is_open: boolean;
  since: string | null;
  outage_started_at: string | null;
  downtime_us: string;
  last_poll_at: string | null;
  next_change_at: string | null;
}

export interface StorePage {
  stores: Array<StoreFigures>;
  total: number;
  matching: number;
  next: string | null;
  previous: string | null;
}

export interface StoreTimeline {
  as_of: string;
  accepted_order: number;
  store_id: string;
  from_date: string | null;
  until_date: string | null;
  max_gap: string | null;
  offsets: Array<OffsetOnDates>;
  opening: Array<[string, string]>;
  special: Array<[string, string]>;
  planned: Array<[string, string]>;
  up: Array<[string, string]>;
  down: Array<[string, string]>;
  unknown: Array<[string, string]>;
  polls: Array<Poll>;
  is_complete: boolean;
}

export interface StoresOfTimezone {
  timezone: string;
  stores: number;
}

export interface Subscription {
  subscription_id: number;
  name: string;
  template_id: number;
  template_name: string;
  recipients: Array<string>;
  cron: string;
  timezone: string;
  period: "day" | "week" | "month" | "quarter" | "year";
  send_when: "always" | "breach" | "change";
  wait_hours: number;
  is_paused: boolean;
  next_due_at: string | null;
  test_requested_at: string | null;
  changed_by: string;
  changed_at: string;
  last: LastDelivery | null;
}

export interface SubscriptionChange {
  name?: string | null;
  template_id?: number | null;
  recipients?: Array<string> | null;
  cron?: string | null;
  timezone?: string | null;
  period?: "day" | "week" | "month" | "quarter" | "year" | null;
  send_when?: "always" | "breach" | "change" | null;
  wait_hours?: number | null;
  is_paused?: boolean | null;
}

export interface SubscriptionRequest {
  name: string;
  template_id: number;
  recipients: Array<string>;
  cron: string;
  timezone: string;
  period: "day" | "week" | "month" | "quarter" | "year";
  send_when?: "always" | "breach" | "change";
  wait_hours?: number;
  is_paused?: boolean;
}

export interface Subscriptions {
  subscriptions: Array<Subscription>;
  outbox: Outbox;
  allowed: Array<string>;
  may: DeliveryPermissions;
}

export interface Target {
  period: string;
  from_date: string;
  until_date: string;
  is_final: boolean;
  scope: string;
  stores: number;
  open_us: string;
  planned_us: string;
  up_us: string;
  down_us: string;
  unknown_us: string;
  uptime_percent: number | null;
  uptime_percent_low: number | null;
  uptime_percent_high: number | null;
  outages: number;
  longest_outage_us: string;
  mttr_us: string | null;
  mtbf_us: string | null;
  opened_late_us: string;
  closed_early_us: string;
  missed_openings: number;
  target_percent: number | null;
  days_without_target: number;
  budget_us: string | null;
  remaining_us: string | null;
  verdict: "met" | "breached" | "undecided" | "at_risk" | "on_track" | null;
  spent_us: string;
  spent_percent: string | null;
  expected_down_us: string | null;
  exhausted_on: string | null;
  burn: Array<DateBurn>;
}

export interface TargetsPage {
  as_of: string;
  accepted_order: number;
  targets: Array<Target>;
  total: number;
  matching: number;
  without_target: number;
  verdicts: VerdictCounts;
  next: string | null;
  previous: string | null;
}

export interface Template {
  template_id: number;
  name: string;
  answer: "report" | "availability" | "outages" | "breaches";
  formats: Array<"csv" | "xlsx" | "parquet" | "pdf" | "link">;
  period: "range" | "day" | "week" | "month" | "quarter" | "year";
  by: string;
  store_id: string | null;
  group_kind: string | null;
  group_name: string | null;
  columns: Array<string> | null;
  subscriptions: number;
  changed_by: string;
  changed_at: string;
}

export interface TemplateChange {
  name?: string | null;
  answer?: "report" | "availability" | "outages" | "breaches" | null;
  formats?: Array<"csv" | "xlsx" | "parquet" | "pdf" | "link"> | null;
  period?: "range" | "day" | "week" | "month" | "quarter" | "year" | null;
  by?: string | null;
  store_id?: string | null;
  group_kind?: string | null;
  group_name?: string | null;
  columns?: Array<string> | null;
}

export interface TemplateRequest {
  name: string;
  answer: "report" | "availability" | "outages" | "breaches";
  formats: Array<"csv" | "xlsx" | "parquet" | "pdf" | "link">;
  period?: "range" | "day" | "week" | "month" | "quarter" | "year";
  by?: string;
  store_id?: string | null;
  group_kind?: string | null;
  group_name?: string | null;
  columns?: Array<string> | null;
}

export interface Templates {
  templates: Array<Template>;
}

export interface TimeLately {
  days: number;
  from_date: string;
  until_date: string;
  stores: number;
  open_us: string;
  planned_us: string;
  up_us: string;
  down_us: string;
  unknown_us: string;
  uptime_percent: number | null;
  uptime_percent_low: number | null;
  uptime_percent_high: number | null;
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
  warnings_that_change_figures: number;
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
  warnings_that_change_figures: number;
  failures: number;
  quarantined_rows: number;
}

export interface ValidationDetail {
  expectations: number;
  met: number;
  warnings: number;
  warnings_that_change_figures: number;
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
  status_files: number;
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

export interface VerdictCounts {
  met: number;
  breached: number;
  undecided: number;
  at_risk: number;
  on_track: number;
}

export interface Verdicts {
  met: number;
  breached: number;
  undecided: number;
  at_risk: number;
  on_track: number;
  period: string;
  from_date: string;
  until_date: string;
}

export interface VerdictsByMonth {
  months: Array<Verdicts>;
}
