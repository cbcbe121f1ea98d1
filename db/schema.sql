-- Generated from the migrations by `npm run db:schema`.

-- tables
CREATE TABLE action_attempts (
  id text NOT NULL,
  action_id text NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL,
  at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE alert_events (
  id text NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('fact_seq'::regclass),
  service_id text NOT NULL,
  reported_by text NOT NULL,
  dedup_key text NOT NULL,
  cause_key text,
  action text NOT NULL,
  severity smallint,
  title text,
  details jsonb,
  escalation_id text,
  disposition text NOT NULL,
  received_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE audit_events (
  id text NOT NULL,
  aggregate_kind text NOT NULL,
  aggregate_id text NOT NULL,
  seq integer NOT NULL,
  version integer,
  at timestamp(3) with time zone NOT NULL,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  actor_roles text[] NOT NULL DEFAULT '{}'::text[],
  action text NOT NULL,
  reason text,
  cause text,
  request_id text,
  workflow_id text,
  run_id text,
  data jsonb NOT NULL,
  prev_hash text NOT NULL,
  hash text NOT NULL
);
CREATE TABLE audit_heads (
  aggregate_kind text NOT NULL,
  aggregate_id text NOT NULL,
  seq integer NOT NULL,
  version integer NOT NULL,
  hash text NOT NULL
);
CREATE TABLE calendar_feeds (
  id text NOT NULL,
  schedule_id text,
  person_id text,
  sha256 text NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  revoked_at timestamp(3) with time zone
);
CREATE TABLE canary_runs (
  id text NOT NULL,
  launch_id text,
  product_id text NOT NULL,
  team_id text NOT NULL,
  detector_version_id text NOT NULL,
  version integer NOT NULL DEFAULT 0,
  status text NOT NULL,
  state jsonb,
  account_ref text NOT NULL,
  opened_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  closed_at timestamp(3) with time zone
);
CREATE TABLE case_signals (
  case_id text NOT NULL,
  signal_id text NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('fact_seq'::regclass),
  added_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE cases (
  id text NOT NULL,
  product_id text NOT NULL,
  team_id text NOT NULL,
  account_ref text NOT NULL,
  harm text NOT NULL,
  severity smallint NOT NULL,
  synthetic boolean NOT NULL,
  launch_id text,
  policy_version_id text NOT NULL,
  version integer NOT NULL DEFAULT 0,
  status text NOT NULL,
  state jsonb,
  signal_count integer NOT NULL DEFAULT 0,
  opened_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  decided_at timestamp(3) with time zone,
  closed_at timestamp(3) with time zone
);
CREATE TABLE change_events (
  id text NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('fact_seq'::regclass),
  service_id text NOT NULL,
  reported_by text NOT NULL,
  summary text NOT NULL,
  source text,
  happened_at timestamp(3) with time zone NOT NULL,
  details jsonb,
  links jsonb,
  received_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE check_runs (
  id text NOT NULL,
  launch_id text NOT NULL,
  requirement_id text NOT NULL,
  probe text NOT NULL,
  state text NOT NULL,
  observed double precision,
  threshold double precision,
  population bigint NOT NULL,
  window_ms bigint NOT NULL,
  evidence_hash text,
  details jsonb NOT NULL,
  reported_by text,
  run_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE commands (
  id text NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('fact_seq'::regclass),
  principal_id text NOT NULL,
  idempotency_key text NOT NULL,
  request_sha256 text NOT NULL,
  mode text NOT NULL,
  name text NOT NULL,
  aggregate_kind text NOT NULL,
  aggregate_id text NOT NULL,
  workflow_id text NOT NULL,
  input jsonb NOT NULL,
  actor jsonb NOT NULL,
  request_id text,
  priority smallint NOT NULL,
  status text NOT NULL DEFAULT 'pending'::text,
  outcome jsonb,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  settled_at timestamp(3) with time zone,
  share_key text NOT NULL DEFAULT ''::text
);
CREATE TABLE contact_methods (
  id text NOT NULL,
  person_id text NOT NULL,
  channel text NOT NULL,
  address text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  verified_at timestamp(3) with time zone,
  disabled_at timestamp(3) with time zone
);
CREATE TABLE contact_verifications (
  contact_method_id text NOT NULL,
  sha256 text NOT NULL,
  attempts_left integer NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  expires_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE content_items (
  id text NOT NULL,
  product_id text NOT NULL,
  body text NOT NULL,
  sha256 text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE decisions (
  id text NOT NULL,
  task_id text NOT NULL,
  case_id text NOT NULL,
  verdict text NOT NULL,
  decided_by text NOT NULL,
  decided_as_role text NOT NULL,
  policy_version_id text NOT NULL,
  lease_token bigint NOT NULL,
  enforcement jsonb,
  note_id text,
  decided_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE deliveries (
  id text NOT NULL,
  escalation_id text NOT NULL,
  effect_key text NOT NULL,
  kind text NOT NULL,
  pass integer NOT NULL,
  rung integer NOT NULL,
  person_id text NOT NULL,
  rule_id text,
  contact_method_id text NOT NULL,
  channel text NOT NULL,
  schedule_id text,
  status text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  possible_duplicate boolean NOT NULL DEFAULT false,
  error_code text,
  started_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  settled_at timestamp(3) with time zone,
  bundled_into text,
  names text[],
  provider_ref text,
  receipt_asked_at timestamp(3) with time zone,
  ordered_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE detector_cursors (
  detector_version_id text NOT NULL,
  transaction_id xid8 NOT NULL DEFAULT '0'::xid8,
  seq bigint NOT NULL DEFAULT 0,
  window_end timestamp(3) with time zone,
  last_run_at timestamp(3) with time zone,
  last_seen_at timestamp(3) with time zone,
  last_status text,
  last_error_code text,
  runs integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0
);
CREATE TABLE detector_gaps (
  detector_version_id text NOT NULL,
  from_at timestamp(3) with time zone NOT NULL,
  until_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE detector_versions (
  id text NOT NULL,
  detector_id text NOT NULL,
  number integer NOT NULL,
  definition jsonb NOT NULL,
  sha256 text NOT NULL,
  maturity text NOT NULL,
  threshold double precision NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  retired_at timestamp(3) with time zone
);
CREATE TABLE detectors (
  id text NOT NULL,
  product_id text NOT NULL,
  team_id text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  harm text NOT NULL,
  severity smallint NOT NULL,
  title text NOT NULL,
  owner_id text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE enforcement_actions (
  id text NOT NULL,
  order_id text NOT NULL,
  operation text NOT NULL,
  action text NOT NULL,
  account_ref text NOT NULL,
  idempotency_key text NOT NULL,
  status text NOT NULL,
  effect_id text,
  attempts integer NOT NULL DEFAULT 0,
  started_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  settled_at timestamp(3) with time zone
);
CREATE TABLE enforcement_orders (
  id text NOT NULL,
  team_id text NOT NULL,
  product_id text NOT NULL,
  case_id text NOT NULL,
  decision_id text NOT NULL,
  account_ref text NOT NULL,
  action text NOT NULL,
  duration_ms bigint,
  policy_version_id text NOT NULL,
  decided_by text NOT NULL,
  approved_by text,
  synthetic boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 0,
  status text NOT NULL,
  state jsonb,
  opened_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  ends_at timestamp(3) with time zone,
  closed_at timestamp(3) with time zone
);
CREATE TABLE escalation_policies (
  id text NOT NULL,
  team_id text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE escalation_policy_versions (
  id text NOT NULL,
  policy_id text NOT NULL,
  version integer NOT NULL,
  document jsonb NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE escalations (
  id text NOT NULL,
  service_id text NOT NULL,
  team_id text NOT NULL,
  dedup_key text NOT NULL,
  title text NOT NULL,
  severity smallint NOT NULL,
  version integer NOT NULL DEFAULT 0,
  status text NOT NULL,
  state jsonb,
  alert_count integer NOT NULL DEFAULT 1,
  first_trigger_seq bigint NOT NULL,
  last_trigger_seq bigint NOT NULL,
  previous_id text,
  canary_id text,
  opened_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  acknowledged_at timestamp(3) with time zone,
  acknowledged_by text,
  resolved_at timestamp(3) with time zone,
  closed_at timestamp(3) with time zone,
  last_resolve_seq bigint,
  opened_via text
);
CREATE TABLE evidence (
  id text NOT NULL,
  launch_id text NOT NULL,
  requirement_id text NOT NULL,
  reference text NOT NULL,
  sha256 text NOT NULL,
  collected_by text NOT NULL,
  collected_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  valid_until timestamp(3) with time zone NOT NULL
);
CREATE TABLE exposure_entries (
  id text NOT NULL,
  person_id text NOT NULL,
  task_id text NOT NULL,
  content_id text NOT NULL,
  shown_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE firing_alerts (
  service_id text NOT NULL,
  dedup_key text NOT NULL,
  fingerprint text NOT NULL,
  started_at timestamp(3) with time zone NOT NULL,
  ended_at timestamp(3) with time zone,
  seen_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE handover_notes (
  id text NOT NULL,
  schedule_id text NOT NULL,
  author_id text NOT NULL,
  note_id text NOT NULL,
  hand_off_at timestamp(3) with time zone NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE heartbeat_monitors (
  id text NOT NULL,
  team_id text NOT NULL,
  service_id text NOT NULL,
  name text NOT NULL,
  sha256 text NOT NULL,
  interval_seconds integer NOT NULL,
  severity smallint NOT NULL,
  version integer NOT NULL DEFAULT 0,
  status text NOT NULL,
  state jsonb,
  last_beat_at timestamp(3) with time zone,
  beats bigint NOT NULL DEFAULT 0,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  closed_at timestamp(3) with time zone
);
CREATE TABLE idempotency_records (
  principal_id text NOT NULL,
  key text NOT NULL,
  request_sha256 text NOT NULL,
  status integer NOT NULL,
  body jsonb,
  headers jsonb NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE integration_keys (
  id text NOT NULL,
  integration_id text NOT NULL,
  sha256 text NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  revoked_at timestamp(3) with time zone
);
CREATE TABLE integrations (
  id text NOT NULL,
  service_id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  principal_id text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  disabled_at timestamp(3) with time zone,
  document jsonb NOT NULL DEFAULT '{}'::jsonb,
  version integer NOT NULL DEFAULT 1
);
CREATE TABLE kill_switches (
  id text NOT NULL,
  product_id text NOT NULL,
  engaged_by text NOT NULL,
  engaged_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  released_by text,
  released_at timestamp(3) with time zone
);
CREATE TABLE launch_requirements (
  launch_id text NOT NULL,
  requirement_id text NOT NULL,
  state text NOT NULL,
  blocking boolean NOT NULL,
  owner_role text NOT NULL,
  owner_person_id text,
  due_at timestamp(3) with time zone,
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE launches (
  id text NOT NULL,
  product_id text NOT NULL,
  team_id text NOT NULL,
  name text NOT NULL,
  opened_by text NOT NULL,
  version integer NOT NULL DEFAULT 0,
  status text NOT NULL,
  tier text,
  stage_percent integer NOT NULL DEFAULT 0,
  on_hold boolean NOT NULL DEFAULT false,
  state jsonb,
  opened_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  closed_at timestamp(3) with time zone
);
CREATE TABLE maintenance_windows (
  id text NOT NULL,
  service_id text NOT NULL,
  starts_at timestamp(3) with time zone NOT NULL,
  ends_at timestamp(3) with time zone NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  ended_by text,
  told_at timestamp(3) with time zone
);
CREATE TABLE notes (
  id text NOT NULL,
  author_id text NOT NULL,
  body text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE notices (
  id text NOT NULL,
  order_id text NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  sent_at timestamp(3) with time zone
);
CREATE TABLE notification_rules (
  id text NOT NULL,
  person_id text NOT NULL,
  urgency text NOT NULL,
  position integer NOT NULL,
  delay_minutes integer NOT NULL,
  contact_method_id text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE oncall_notices (
  id text NOT NULL,
  key text NOT NULL,
  kind text NOT NULL,
  schedule_id text,
  person_id text NOT NULL,
  swap_request_id text,
  hand_off_at timestamp(3) with time zone,
  status text NOT NULL DEFAULT 'pending'::text,
  contact_method_id text,
  channel text,
  attempts integer NOT NULL DEFAULT 0,
  possible_duplicate boolean NOT NULL DEFAULT false,
  error_code text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  settled_at timestamp(3) with time zone,
  provider_ref text
);
CREATE TABLE page_links (
  id text NOT NULL,
  sha256 text NOT NULL,
  escalation_id text NOT NULL,
  person_id text NOT NULL,
  delivery_id text NOT NULL,
  action text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  expires_at timestamp(3) with time zone NOT NULL,
  used_at timestamp(3) with time zone,
  command_id text,
  undone_at timestamp(3) with time zone
);
CREATE TABLE persons (
  id text NOT NULL,
  time_zone text NOT NULL DEFAULT 'UTC'::text,
  quiet_hours text
);
CREATE TABLE policies (
  id text NOT NULL,
  key text NOT NULL,
  title text NOT NULL,
  harm text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE policy_versions (
  id text NOT NULL,
  policy_id text NOT NULL,
  number integer NOT NULL,
  body text NOT NULL,
  sha256 text NOT NULL,
  published_by text NOT NULL,
  published_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE principals (
  id text NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  disabled_at timestamp(3) with time zone
);
CREATE TABLE probe_facts (
  sha256 text NOT NULL,
  facts jsonb NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE product_events (
  occurred_on date NOT NULL,
  product_id text NOT NULL,
  source_id text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('product_events_seq_seq'::regclass),
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  kind text NOT NULL,
  account_ref text NOT NULL,
  attributes jsonb NOT NULL,
  content_id text,
  synthetic boolean NOT NULL DEFAULT false,
  occurred_at timestamp(3) with time zone NOT NULL,
  received_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE products (
  id text NOT NULL,
  team_id text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  service_id text NOT NULL,
  countries text[] NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE protected_subjects (
  product_id text NOT NULL,
  account_ref text NOT NULL,
  added_by text NOT NULL,
  added_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE provider_circuits (
  provider text NOT NULL,
  state text NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  refused bigint NOT NULL DEFAULT 0,
  opened_at timestamp(3) with time zone,
  retry_at timestamp(3) with time zone,
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE reply_codes (
  contact_method_id text NOT NULL,
  code integer NOT NULL,
  escalation_id text NOT NULL,
  delivery_id text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE review_queues (
  id text NOT NULL,
  team_id text NOT NULL,
  key text NOT NULL,
  title text NOT NULL,
  sensitive boolean NOT NULL DEFAULT false,
  harms text[] NOT NULL DEFAULT '{}'::text[],
  position integer NOT NULL DEFAULT 0,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE review_tasks (
  id text NOT NULL,
  case_id text NOT NULL,
  queue_id text NOT NULL,
  round integer NOT NULL,
  severity smallint NOT NULL,
  status text NOT NULL,
  due_at timestamp(3) with time zone NOT NULL,
  lease_owner text,
  lease_token bigint NOT NULL DEFAULT 0,
  lease_claimed_at timestamp(3) with time zone,
  lease_expires_at timestamp(3) with time zone,
  excluded text[] NOT NULL DEFAULT '{}'::text[],
  first_look_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  settled_at timestamp(3) with time zone
);
CREATE TABLE role_grants (
  id text NOT NULL,
  principal_id text NOT NULL,
  role text NOT NULL,
  team_id text,
  granted_by text,
  granted_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  revoked_at timestamp(3) with time zone
);
CREATE TABLE round_robin_turns (
  schedule_id text NOT NULL,
  turn bigint NOT NULL DEFAULT 0
);
CREATE TABLE schedule_watches (
  schedule_id text NOT NULL,
  schedule_version integer NOT NULL,
  look_at timestamp(3) with time zone NOT NULL,
  gaps_checked_at timestamp(3) with time zone,
  told_gap_starts jsonb NOT NULL DEFAULT '[]'::jsonb
);
CREATE TABLE schedules (
  id text NOT NULL,
  team_id text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  version integer NOT NULL,
  document jsonb NOT NULL,
  hand_off_notice_minutes integer NOT NULL DEFAULT 15,
  gap_check boolean NOT NULL DEFAULT true,
  gap_service_id text,
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE services (
  id text NOT NULL,
  team_id text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  policy_id text NOT NULL,
  sensitive boolean NOT NULL DEFAULT false,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE sign_offs (
  id text NOT NULL,
  launch_id text NOT NULL,
  role text NOT NULL,
  choice text NOT NULL,
  decided_by text NOT NULL,
  evidence_set_hash text NOT NULL,
  catalogue_version text NOT NULL,
  note_id text,
  decided_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE signals (
  id text NOT NULL,
  seq bigint NOT NULL DEFAULT nextval('signals_seq_seq'::regclass),
  detector_version_id text NOT NULL,
  product_id text NOT NULL,
  account_ref text NOT NULL,
  harm text NOT NULL,
  severity smallint NOT NULL,
  score double precision NOT NULL,
  event_id text,
  content_id text,
  dedupe_key text NOT NULL,
  mode text NOT NULL,
  synthetic boolean NOT NULL,
  occurred_at timestamp(3) with time zone NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE stages (
  launch_id text NOT NULL,
  percent integer NOT NULL,
  decided_by text NOT NULL,
  opened_at timestamp(3) with time zone NOT NULL
);
CREATE TABLE statements_of_reasons (
  id text NOT NULL,
  order_id text NOT NULL,
  kind text NOT NULL,
  statement jsonb NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE status_mirrors (
  escalation_id text NOT NULL,
  kind text NOT NULL,
  target text NOT NULL,
  shown_version integer NOT NULL DEFAULT 0,
  shown_status text,
  error_code text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE strikes (
  id text NOT NULL,
  order_id text NOT NULL,
  product_id text NOT NULL,
  account_ref text NOT NULL,
  weight integer NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  expires_at timestamp(3) with time zone NOT NULL,
  voided_at timestamp(3) with time zone
);
CREATE TABLE suggestions (
  id text NOT NULL,
  task_id text NOT NULL,
  source text NOT NULL,
  verdict text NOT NULL,
  score text,
  outcome text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE suppressed_alerts (
  rule_id text NOT NULL,
  service_id text NOT NULL,
  dedup_key text NOT NULL,
  reported_by text NOT NULL,
  severity smallint NOT NULL,
  title text NOT NULL,
  count bigint NOT NULL DEFAULT 1,
  first_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  last_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE suppression_rules (
  id text NOT NULL,
  team_id text NOT NULL,
  name text NOT NULL,
  owner_id text NOT NULL,
  service_id text,
  integration_id text,
  conditions jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  expires_at timestamp(3) with time zone NOT NULL,
  created_by text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  ended_at timestamp(3) with time zone,
  ended_by text
);
CREATE TABLE swap_requests (
  id text NOT NULL,
  schedule_id text NOT NULL,
  team_id text NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  state jsonb NOT NULL,
  one_person_id text NOT NULL,
  other_person_id text NOT NULL,
  proposed_by text NOT NULL,
  expires_at timestamp(3) with time zone NOT NULL,
  decided_by text,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE taken_turns (
  schedule_id text NOT NULL,
  cause_key text NOT NULL,
  turn bigint NOT NULL
);
CREATE TABLE teams (
  id text NOT NULL,
  key text NOT NULL,
  name text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now()
);
CREATE TABLE tokens (
  id text NOT NULL,
  principal_id text NOT NULL,
  sha256 text NOT NULL,
  label text NOT NULL,
  created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
  expires_at timestamp(3) with time zone NOT NULL,
  last_used_at timestamp(3) with time zone,
  revoked_at timestamp(3) with time zone
);
CREATE TABLE waivers (
  id text NOT NULL,
  launch_id text NOT NULL,
  requirement_id text NOT NULL,
  status text NOT NULL,
  reason_code text NOT NULL,
  note_id text,
  requested_by text NOT NULL,
  decided_by text,
  revoked_by text,
  expires_at timestamp(3) with time zone,
  updated_at timestamp(3) with time zone NOT NULL DEFAULT now()
);

-- constraints
ALTER TABLE action_attempts ADD CONSTRAINT action_attempts_action_id_enforcement_actions_id_fk FOREIGN KEY (action_id) REFERENCES enforcement_actions(id);
ALTER TABLE action_attempts ADD CONSTRAINT action_attempts_pkey PRIMARY KEY (id);
ALTER TABLE alert_events ADD CONSTRAINT alert_events_action CHECK ((action = ANY (ARRAY['trigger'::text, 'acknowledge'::text, 'resolve'::text])));
ALTER TABLE alert_events ADD CONSTRAINT alert_events_disposition CHECK ((disposition = ANY (ARRAY['opened'::text, 'merged'::text, 'resolved'::text, 'acknowledged'::text, 'noted'::text, 'suppressed'::text, 'dropped'::text])));
ALTER TABLE alert_events ADD CONSTRAINT alert_events_escalation_id_escalations_id_fk FOREIGN KEY (escalation_id) REFERENCES escalations(id);
ALTER TABLE alert_events ADD CONSTRAINT alert_events_pkey PRIMARY KEY (id);
ALTER TABLE alert_events ADD CONSTRAINT alert_events_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE audit_events ADD CONSTRAINT audit_events_actor_kind CHECK ((actor_kind = ANY (ARRAY['person'::text, 'service'::text, 'system'::text])));
ALTER TABLE audit_events ADD CONSTRAINT audit_events_pkey PRIMARY KEY (id);
ALTER TABLE audit_events ADD CONSTRAINT audit_events_seq UNIQUE (aggregate_kind, aggregate_id, seq);
ALTER TABLE audit_heads ADD CONSTRAINT audit_heads_aggregate_kind_aggregate_id_pk PRIMARY KEY (aggregate_kind, aggregate_id);
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_created_by_persons_id_fk FOREIGN KEY (created_by) REFERENCES persons(id);
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_of_one CHECK ((num_nonnulls(schedule_id, person_id) = 1));
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_pkey PRIMARY KEY (id);
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE calendar_feeds ADD CONSTRAINT calendar_feeds_sha256_unique UNIQUE (sha256);
ALTER TABLE canary_runs ADD CONSTRAINT canary_runs_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE canary_runs ADD CONSTRAINT canary_runs_pkey PRIMARY KEY (id);
ALTER TABLE canary_runs ADD CONSTRAINT canary_runs_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE canary_runs ADD CONSTRAINT canary_runs_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE case_signals ADD CONSTRAINT case_signals_case_id_cases_id_fk FOREIGN KEY (case_id) REFERENCES cases(id);
ALTER TABLE case_signals ADD CONSTRAINT case_signals_case_id_signal_id_pk PRIMARY KEY (case_id, signal_id);
ALTER TABLE case_signals ADD CONSTRAINT case_signals_signal_id_signals_id_fk FOREIGN KEY (signal_id) REFERENCES signals(id);
ALTER TABLE case_signals ADD CONSTRAINT case_signals_signal_id_unique UNIQUE (signal_id);
ALTER TABLE cases ADD CONSTRAINT cases_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE cases ADD CONSTRAINT cases_pkey PRIMARY KEY (id);
ALTER TABLE cases ADD CONSTRAINT cases_policy_version_id_policy_versions_id_fk FOREIGN KEY (policy_version_id) REFERENCES policy_versions(id);
ALTER TABLE cases ADD CONSTRAINT cases_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE cases ADD CONSTRAINT cases_severity CHECK (((severity >= 1) AND (severity <= 4)));
ALTER TABLE cases ADD CONSTRAINT cases_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE change_events ADD CONSTRAINT change_events_pkey PRIMARY KEY (id);
ALTER TABLE change_events ADD CONSTRAINT change_events_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE check_runs ADD CONSTRAINT check_runs_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE check_runs ADD CONSTRAINT check_runs_pass_is_measured CHECK (((state <> 'pass'::text) OR ((population > 0) AND (observed IS NOT NULL) AND (evidence_hash IS NOT NULL))));
ALTER TABLE check_runs ADD CONSTRAINT check_runs_pkey PRIMARY KEY (id);
ALTER TABLE check_runs ADD CONSTRAINT check_runs_reported_by_principals_id_fk FOREIGN KEY (reported_by) REFERENCES principals(id);
ALTER TABLE commands ADD CONSTRAINT commands_mode CHECK ((mode = ANY (ARRAY['start'::text, 'update'::text, 'signal'::text])));
ALTER TABLE commands ADD CONSTRAINT commands_pkey PRIMARY KEY (id);
ALTER TABLE commands ADD CONSTRAINT commands_status CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'refused'::text, 'failed'::text])));
ALTER TABLE contact_methods ADD CONSTRAINT contact_methods_channel CHECK ((channel = ANY (ARRAY['console'::text, 'email'::text, 'chat'::text, 'webhook'::text, 'push'::text, 'sms'::text, 'voice'::text])));
ALTER TABLE contact_methods ADD CONSTRAINT contact_methods_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE contact_methods ADD CONSTRAINT contact_methods_pkey PRIMARY KEY (id);
ALTER TABLE contact_verifications ADD CONSTRAINT contact_verifications_contact_method_id_contact_methods_id_fk FOREIGN KEY (contact_method_id) REFERENCES contact_methods(id);
ALTER TABLE contact_verifications ADD CONSTRAINT contact_verifications_pkey PRIMARY KEY (contact_method_id);
ALTER TABLE content_items ADD CONSTRAINT content_items_pkey PRIMARY KEY (id);
ALTER TABLE content_items ADD CONSTRAINT content_items_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_case_id_cases_id_fk FOREIGN KEY (case_id) REFERENCES cases(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_decided_by_persons_id_fk FOREIGN KEY (decided_by) REFERENCES persons(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_note_id_notes_id_fk FOREIGN KEY (note_id) REFERENCES notes(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_pkey PRIMARY KEY (id);
ALTER TABLE decisions ADD CONSTRAINT decisions_policy_version_id_policy_versions_id_fk FOREIGN KEY (policy_version_id) REFERENCES policy_versions(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_task_id_review_tasks_id_fk FOREIGN KEY (task_id) REFERENCES review_tasks(id);
ALTER TABLE decisions ADD CONSTRAINT decisions_task_id_unique UNIQUE (task_id);
ALTER TABLE decisions ADD CONSTRAINT decisions_verdict CHECK ((verdict = ANY (ARRAY['violation'::text, 'no_violation'::text, 'escalate'::text])));
ALTER TABLE deliveries ADD CONSTRAINT deliveries_bundled CHECK (((status = 'bundled'::text) = (bundled_into IS NOT NULL)));
ALTER TABLE deliveries ADD CONSTRAINT deliveries_bundled_into_deliveries_id_fk FOREIGN KEY (bundled_into) REFERENCES deliveries(id);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_contact_method_id_contact_methods_id_fk FOREIGN KEY (contact_method_id) REFERENCES contact_methods(id);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_escalation_id_escalations_id_fk FOREIGN KEY (escalation_id) REFERENCES escalations(id);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_once UNIQUE (escalation_id, effect_key);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_pkey PRIMARY KEY (id);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE deliveries ADD CONSTRAINT deliveries_status CHECK ((status = ANY (ARRAY['held'::text, 'started'::text, 'sent'::text, 'delivered'::text, 'unknown'::text, 'failed'::text, 'superseded'::text, 'bundled'::text])));
ALTER TABLE detector_cursors ADD CONSTRAINT detector_cursors_detector_version_id_detector_versions_id_fk FOREIGN KEY (detector_version_id) REFERENCES detector_versions(id);
ALTER TABLE detector_cursors ADD CONSTRAINT detector_cursors_pkey PRIMARY KEY (detector_version_id);
ALTER TABLE detector_gaps ADD CONSTRAINT detector_gaps_detector_version_id_detector_versions_id_fk FOREIGN KEY (detector_version_id) REFERENCES detector_versions(id);
ALTER TABLE detector_gaps ADD CONSTRAINT detector_gaps_detector_version_id_from_at_pk PRIMARY KEY (detector_version_id, from_at);
ALTER TABLE detector_versions ADD CONSTRAINT detector_versions_created_by_persons_id_fk FOREIGN KEY (created_by) REFERENCES persons(id);
ALTER TABLE detector_versions ADD CONSTRAINT detector_versions_detector_id_detectors_id_fk FOREIGN KEY (detector_id) REFERENCES detectors(id);
ALTER TABLE detector_versions ADD CONSTRAINT detector_versions_maturity CHECK ((maturity = ANY (ARRAY['M0'::text, 'M1'::text, 'M2'::text, 'M3'::text, 'M4'::text, 'M5'::text])));
ALTER TABLE detector_versions ADD CONSTRAINT detector_versions_number UNIQUE (detector_id, number);
ALTER TABLE detector_versions ADD CONSTRAINT detector_versions_pkey PRIMARY KEY (id);
ALTER TABLE detectors ADD CONSTRAINT detectors_key UNIQUE (product_id, key);
ALTER TABLE detectors ADD CONSTRAINT detectors_kind CHECK ((kind = ANY (ARRAY['rules'::text, 'sql'::text, 'http'::text])));
ALTER TABLE detectors ADD CONSTRAINT detectors_owner_id_persons_id_fk FOREIGN KEY (owner_id) REFERENCES persons(id);
ALTER TABLE detectors ADD CONSTRAINT detectors_pkey PRIMARY KEY (id);
ALTER TABLE detectors ADD CONSTRAINT detectors_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE detectors ADD CONSTRAINT detectors_severity CHECK (((severity >= 1) AND (severity <= 4)));
ALTER TABLE detectors ADD CONSTRAINT detectors_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE enforcement_actions ADD CONSTRAINT enforcement_actions_idempotency_key_unique UNIQUE (idempotency_key);
ALTER TABLE enforcement_actions ADD CONSTRAINT enforcement_actions_once UNIQUE (order_id, operation, action, account_ref);
ALTER TABLE enforcement_actions ADD CONSTRAINT enforcement_actions_operation CHECK ((operation = ANY (ARRAY['apply'::text, 'reverse'::text])));
ALTER TABLE enforcement_actions ADD CONSTRAINT enforcement_actions_order_id_enforcement_orders_id_fk FOREIGN KEY (order_id) REFERENCES enforcement_orders(id);
ALTER TABLE enforcement_actions ADD CONSTRAINT enforcement_actions_pkey PRIMARY KEY (id);
ALTER TABLE enforcement_actions ADD CONSTRAINT enforcement_actions_status CHECK ((status = ANY (ARRAY['started'::text, 'done'::text, 'failed'::text, 'stopped'::text])));
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_approved_by_persons_id_fk FOREIGN KEY (approved_by) REFERENCES persons(id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_case_id_cases_id_fk FOREIGN KEY (case_id) REFERENCES cases(id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_decided_by_persons_id_fk FOREIGN KEY (decided_by) REFERENCES persons(id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_decision_id_decisions_id_fk FOREIGN KEY (decision_id) REFERENCES decisions(id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_decision_id_unique UNIQUE (decision_id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_four_eyes CHECK (((approved_by IS NULL) OR (approved_by <> decided_by)));
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_never_synthetic CHECK ((NOT synthetic));
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_pkey PRIMARY KEY (id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_policy_version_id_policy_versions_id_fk FOREIGN KEY (policy_version_id) REFERENCES policy_versions(id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE enforcement_orders ADD CONSTRAINT enforcement_orders_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE escalation_policies ADD CONSTRAINT escalation_policies_key_unique UNIQUE (key);
ALTER TABLE escalation_policies ADD CONSTRAINT escalation_policies_pkey PRIMARY KEY (id);
ALTER TABLE escalation_policies ADD CONSTRAINT escalation_policies_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE escalation_policy_versions ADD CONSTRAINT escalation_policy_versions_created_by_principals_id_fk FOREIGN KEY (created_by) REFERENCES principals(id);
ALTER TABLE escalation_policy_versions ADD CONSTRAINT escalation_policy_versions_number UNIQUE (policy_id, version);
ALTER TABLE escalation_policy_versions ADD CONSTRAINT escalation_policy_versions_pkey PRIMARY KEY (id);
ALTER TABLE escalation_policy_versions ADD CONSTRAINT escalation_policy_versions_policy_id_escalation_policies_id_fk FOREIGN KEY (policy_id) REFERENCES escalation_policies(id);
ALTER TABLE escalations ADD CONSTRAINT escalations_acknowledged_by_persons_id_fk FOREIGN KEY (acknowledged_by) REFERENCES persons(id);
ALTER TABLE escalations ADD CONSTRAINT escalations_pkey PRIMARY KEY (id);
ALTER TABLE escalations ADD CONSTRAINT escalations_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE escalations ADD CONSTRAINT escalations_severity CHECK (((severity >= 1) AND (severity <= 4)));
ALTER TABLE escalations ADD CONSTRAINT escalations_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE evidence ADD CONSTRAINT evidence_collected_by_principals_id_fk FOREIGN KEY (collected_by) REFERENCES principals(id);
ALTER TABLE evidence ADD CONSTRAINT evidence_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE evidence ADD CONSTRAINT evidence_pkey PRIMARY KEY (id);
ALTER TABLE exposure_entries ADD CONSTRAINT exposure_entries_content_id_content_items_id_fk FOREIGN KEY (content_id) REFERENCES content_items(id);
ALTER TABLE exposure_entries ADD CONSTRAINT exposure_entries_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE exposure_entries ADD CONSTRAINT exposure_entries_pkey PRIMARY KEY (id);
ALTER TABLE exposure_entries ADD CONSTRAINT exposure_entries_task_id_review_tasks_id_fk FOREIGN KEY (task_id) REFERENCES review_tasks(id);
ALTER TABLE firing_alerts ADD CONSTRAINT firing_alerts_key PRIMARY KEY (service_id, dedup_key, fingerprint);
ALTER TABLE firing_alerts ADD CONSTRAINT firing_alerts_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE handover_notes ADD CONSTRAINT handover_notes_author_id_persons_id_fk FOREIGN KEY (author_id) REFERENCES persons(id);
ALTER TABLE handover_notes ADD CONSTRAINT handover_notes_note_id_notes_id_fk FOREIGN KEY (note_id) REFERENCES notes(id);
ALTER TABLE handover_notes ADD CONSTRAINT handover_notes_pkey PRIMARY KEY (id);
ALTER TABLE handover_notes ADD CONSTRAINT handover_notes_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_created_by_persons_id_fk FOREIGN KEY (created_by) REFERENCES persons(id);
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_interval CHECK (((interval_seconds >= 60) AND (interval_seconds <= 2592000)));
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_pkey PRIMARY KEY (id);
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_severity CHECK (((severity >= 1) AND (severity <= 4)));
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_status CHECK ((status = ANY (ARRAY['opening'::text, 'waiting'::text, 'beating'::text, 'missed'::text, 'paused'::text, 'closed'::text])));
ALTER TABLE heartbeat_monitors ADD CONSTRAINT heartbeat_monitors_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE idempotency_records ADD CONSTRAINT idempotency_records_principal_id_key_pk PRIMARY KEY (principal_id, key);
ALTER TABLE integration_keys ADD CONSTRAINT integration_keys_created_by_principals_id_fk FOREIGN KEY (created_by) REFERENCES principals(id);
ALTER TABLE integration_keys ADD CONSTRAINT integration_keys_integration_id_integrations_id_fk FOREIGN KEY (integration_id) REFERENCES integrations(id);
ALTER TABLE integration_keys ADD CONSTRAINT integration_keys_pkey PRIMARY KEY (id);
ALTER TABLE integrations ADD CONSTRAINT integrations_pkey PRIMARY KEY (id);
ALTER TABLE integrations ADD CONSTRAINT integrations_principal_id_principals_id_fk FOREIGN KEY (principal_id) REFERENCES principals(id);
ALTER TABLE integrations ADD CONSTRAINT integrations_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE kill_switches ADD CONSTRAINT kill_switches_engaged_by_persons_id_fk FOREIGN KEY (engaged_by) REFERENCES persons(id);
ALTER TABLE kill_switches ADD CONSTRAINT kill_switches_pkey PRIMARY KEY (id);
ALTER TABLE kill_switches ADD CONSTRAINT kill_switches_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE kill_switches ADD CONSTRAINT kill_switches_released_by_persons_id_fk FOREIGN KEY (released_by) REFERENCES persons(id);
ALTER TABLE launch_requirements ADD CONSTRAINT launch_requirements_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE launch_requirements ADD CONSTRAINT launch_requirements_launch_id_requirement_id_pk PRIMARY KEY (launch_id, requirement_id);
ALTER TABLE launch_requirements ADD CONSTRAINT launch_requirements_owner_person_id_persons_id_fk FOREIGN KEY (owner_person_id) REFERENCES persons(id);
ALTER TABLE launch_requirements ADD CONSTRAINT launch_requirements_state CHECK ((state = ANY (ARRAY['pass'::text, 'fail'::text, 'warn'::text, 'not_applicable'::text, 'not_reported'::text, 'error'::text, 'stale'::text, 'waived'::text, 'inconclusive'::text])));
ALTER TABLE launches ADD CONSTRAINT launches_opened_by_persons_id_fk FOREIGN KEY (opened_by) REFERENCES persons(id);
ALTER TABLE launches ADD CONSTRAINT launches_pkey PRIMARY KEY (id);
ALTER TABLE launches ADD CONSTRAINT launches_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE launches ADD CONSTRAINT launches_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE maintenance_windows ADD CONSTRAINT maintenance_windows_created_by_persons_id_fk FOREIGN KEY (created_by) REFERENCES persons(id);
ALTER TABLE maintenance_windows ADD CONSTRAINT maintenance_windows_ended_by_persons_id_fk FOREIGN KEY (ended_by) REFERENCES persons(id);
ALTER TABLE maintenance_windows ADD CONSTRAINT maintenance_windows_pkey PRIMARY KEY (id);
ALTER TABLE maintenance_windows ADD CONSTRAINT maintenance_windows_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE maintenance_windows ADD CONSTRAINT maintenance_windows_span CHECK ((starts_at < ends_at));
ALTER TABLE notes ADD CONSTRAINT notes_author_id_principals_id_fk FOREIGN KEY (author_id) REFERENCES principals(id);
ALTER TABLE notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id);
ALTER TABLE notices ADD CONSTRAINT notices_kind CHECK ((kind = ANY (ARRAY['restricted'::text, 'made_permanent'::text, 'reversed'::text])));
ALTER TABLE notices ADD CONSTRAINT notices_once UNIQUE (order_id, kind);
ALTER TABLE notices ADD CONSTRAINT notices_order_id_enforcement_orders_id_fk FOREIGN KEY (order_id) REFERENCES enforcement_orders(id);
ALTER TABLE notices ADD CONSTRAINT notices_pkey PRIMARY KEY (id);
ALTER TABLE notices ADD CONSTRAINT notices_status CHECK ((status = ANY (ARRAY['started'::text, 'sent'::text, 'failed'::text])));
ALTER TABLE notification_rules ADD CONSTRAINT notification_rules_contact_method_id_contact_methods_id_fk FOREIGN KEY (contact_method_id) REFERENCES contact_methods(id);
ALTER TABLE notification_rules ADD CONSTRAINT notification_rules_delay CHECK ((delay_minutes >= 0));
ALTER TABLE notification_rules ADD CONSTRAINT notification_rules_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE notification_rules ADD CONSTRAINT notification_rules_pkey PRIMARY KEY (id);
ALTER TABLE notification_rules ADD CONSTRAINT notification_rules_position UNIQUE (person_id, urgency, "position");
ALTER TABLE notification_rules ADD CONSTRAINT notification_rules_urgency CHECK ((urgency = ANY (ARRAY['high'::text, 'low'::text])));
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_concern CHECK ((
CASE
    WHEN (kind = ANY (ARRAY['handoff'::text, 'swap'::text])) THEN schedule_id
    ELSE contact_method_id
END IS NOT NULL));
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_contact_method_id_contact_methods_id_fk FOREIGN KEY (contact_method_id) REFERENCES contact_methods(id);
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_key_unique UNIQUE (key);
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_kind CHECK ((kind = ANY (ARRAY['handoff'::text, 'swap'::text, 'verification'::text, 'test'::text])));
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_pkey PRIMARY KEY (id);
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_status CHECK ((status = ANY (ARRAY['pending'::text, 'started'::text, 'sent'::text, 'delivered'::text, 'unknown'::text, 'failed'::text, 'superseded'::text])));
ALTER TABLE oncall_notices ADD CONSTRAINT oncall_notices_swap_request_id_swap_requests_id_fk FOREIGN KEY (swap_request_id) REFERENCES swap_requests(id);
ALTER TABLE page_links ADD CONSTRAINT page_links_action CHECK ((action = 'acknowledge'::text));
ALTER TABLE page_links ADD CONSTRAINT page_links_command_id_commands_id_fk FOREIGN KEY (command_id) REFERENCES commands(id);
ALTER TABLE page_links ADD CONSTRAINT page_links_delivery_id_deliveries_id_fk FOREIGN KEY (delivery_id) REFERENCES deliveries(id);
ALTER TABLE page_links ADD CONSTRAINT page_links_escalation_id_escalations_id_fk FOREIGN KEY (escalation_id) REFERENCES escalations(id);
ALTER TABLE page_links ADD CONSTRAINT page_links_person_id_persons_id_fk FOREIGN KEY (person_id) REFERENCES persons(id);
ALTER TABLE page_links ADD CONSTRAINT page_links_pkey PRIMARY KEY (id);
ALTER TABLE page_links ADD CONSTRAINT page_links_sha256_unique UNIQUE (sha256);
ALTER TABLE persons ADD CONSTRAINT persons_id CHECK (starts_with(id, 'per_'::text));
ALTER TABLE persons ADD CONSTRAINT persons_id_principals_id_fk FOREIGN KEY (id) REFERENCES principals(id);
ALTER TABLE persons ADD CONSTRAINT persons_pkey PRIMARY KEY (id);
ALTER TABLE policies ADD CONSTRAINT policies_key_unique UNIQUE (key);
ALTER TABLE policies ADD CONSTRAINT policies_pkey PRIMARY KEY (id);
ALTER TABLE policy_versions ADD CONSTRAINT policy_versions_number UNIQUE (policy_id, number);
ALTER TABLE policy_versions ADD CONSTRAINT policy_versions_pkey PRIMARY KEY (id);
ALTER TABLE policy_versions ADD CONSTRAINT policy_versions_policy_id_policies_id_fk FOREIGN KEY (policy_id) REFERENCES policies(id);
ALTER TABLE policy_versions ADD CONSTRAINT policy_versions_published_by_persons_id_fk FOREIGN KEY (published_by) REFERENCES persons(id);
ALTER TABLE principals ADD CONSTRAINT principals_kind CHECK ((kind = ANY (ARRAY['person'::text, 'service'::text])));
ALTER TABLE principals ADD CONSTRAINT principals_kind_matches_id CHECK (((kind = 'person'::text) = starts_with(id, 'per_'::text)));
ALTER TABLE principals ADD CONSTRAINT principals_pkey PRIMARY KEY (id);
ALTER TABLE probe_facts ADD CONSTRAINT probe_facts_pkey PRIMARY KEY (sha256);
ALTER TABLE product_events ADD CONSTRAINT product_events_occurred_on_product_id_source_id_pk PRIMARY KEY (occurred_on, product_id, source_id);
ALTER TABLE products ADD CONSTRAINT products_key_unique UNIQUE (key);
ALTER TABLE products ADD CONSTRAINT products_pkey PRIMARY KEY (id);
ALTER TABLE products ADD CONSTRAINT products_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE products ADD CONSTRAINT products_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE protected_subjects ADD CONSTRAINT protected_subjects_added_by_persons_id_fk FOREIGN KEY (added_by) REFERENCES persons(id);
ALTER TABLE protected_subjects ADD CONSTRAINT protected_subjects_product_id_account_ref_pk PRIMARY KEY (product_id, account_ref);
ALTER TABLE protected_subjects ADD CONSTRAINT protected_subjects_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE provider_circuits ADD CONSTRAINT provider_circuits_pkey PRIMARY KEY (provider);
ALTER TABLE provider_circuits ADD CONSTRAINT provider_circuits_state CHECK ((state = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text])));
ALTER TABLE reply_codes ADD CONSTRAINT reply_codes_contact_method_id_contact_methods_id_fk FOREIGN KEY (contact_method_id) REFERENCES contact_methods(id);
ALTER TABLE reply_codes ADD CONSTRAINT reply_codes_delivery_id_deliveries_id_fk FOREIGN KEY (delivery_id) REFERENCES deliveries(id);
ALTER TABLE reply_codes ADD CONSTRAINT reply_codes_escalation_id_escalations_id_fk FOREIGN KEY (escalation_id) REFERENCES escalations(id);
ALTER TABLE reply_codes ADD CONSTRAINT reply_codes_key PRIMARY KEY (contact_method_id, code);
ALTER TABLE review_queues ADD CONSTRAINT review_queues_key_unique UNIQUE (key);
ALTER TABLE review_queues ADD CONSTRAINT review_queues_pkey PRIMARY KEY (id);
ALTER TABLE review_queues ADD CONSTRAINT review_queues_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE review_tasks ADD CONSTRAINT review_tasks_case_id_cases_id_fk FOREIGN KEY (case_id) REFERENCES cases(id);
ALTER TABLE review_tasks ADD CONSTRAINT review_tasks_lease_owner_persons_id_fk FOREIGN KEY (lease_owner) REFERENCES persons(id);
ALTER TABLE review_tasks ADD CONSTRAINT review_tasks_pkey PRIMARY KEY (id);
ALTER TABLE review_tasks ADD CONSTRAINT review_tasks_queue_id_review_queues_id_fk FOREIGN KEY (queue_id) REFERENCES review_queues(id);
ALTER TABLE review_tasks ADD CONSTRAINT review_tasks_round UNIQUE (case_id, round);
ALTER TABLE review_tasks ADD CONSTRAINT review_tasks_status CHECK ((status = ANY (ARRAY['open'::text, 'decided'::text, 'withdrawn'::text])));
ALTER TABLE role_grants ADD CONSTRAINT role_grants_granted_by_principals_id_fk FOREIGN KEY (granted_by) REFERENCES principals(id);
ALTER TABLE role_grants ADD CONSTRAINT role_grants_pkey PRIMARY KEY (id);
ALTER TABLE role_grants ADD CONSTRAINT role_grants_principal_id_principals_id_fk FOREIGN KEY (principal_id) REFERENCES principals(id);
ALTER TABLE role_grants ADD CONSTRAINT role_grants_role CHECK ((role = ANY (ARRAY['launch_owner'::text, 'protection_scientist'::text, 'policy'::text, 'ops_lead'::text, 'investigator'::text, 'data_engineer'::text, 'engineer'::text, 'legal'::text, 'oncall_manager'::text, 'executive'::text, 'reviewer'::text, 'sensitive_reviewer'::text, 'responder'::text, 'auditor'::text, 'admin'::text, 'integration'::text])));
ALTER TABLE role_grants ADD CONSTRAINT role_grants_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE round_robin_turns ADD CONSTRAINT round_robin_turns_pkey PRIMARY KEY (schedule_id);
ALTER TABLE round_robin_turns ADD CONSTRAINT round_robin_turns_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE schedule_watches ADD CONSTRAINT schedule_watches_pkey PRIMARY KEY (schedule_id);
ALTER TABLE schedule_watches ADD CONSTRAINT schedule_watches_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE schedules ADD CONSTRAINT schedules_gap_service_id_services_id_fk FOREIGN KEY (gap_service_id) REFERENCES services(id);
ALTER TABLE schedules ADD CONSTRAINT schedules_hand_off_notice CHECK (((hand_off_notice_minutes >= 0) AND (hand_off_notice_minutes <= 1440)));
ALTER TABLE schedules ADD CONSTRAINT schedules_key_unique UNIQUE (key);
ALTER TABLE schedules ADD CONSTRAINT schedules_pkey PRIMARY KEY (id);
ALTER TABLE schedules ADD CONSTRAINT schedules_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE services ADD CONSTRAINT services_key_unique UNIQUE (key);
ALTER TABLE services ADD CONSTRAINT services_pkey PRIMARY KEY (id);
ALTER TABLE services ADD CONSTRAINT services_policy_id_escalation_policies_id_fk FOREIGN KEY (policy_id) REFERENCES escalation_policies(id);
ALTER TABLE services ADD CONSTRAINT services_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE sign_offs ADD CONSTRAINT sign_offs_choice CHECK ((choice = ANY (ARRAY['approve'::text, 'approve_with_conditions'::text, 'object'::text, 'abstain'::text])));
ALTER TABLE sign_offs ADD CONSTRAINT sign_offs_decided_by_persons_id_fk FOREIGN KEY (decided_by) REFERENCES persons(id);
ALTER TABLE sign_offs ADD CONSTRAINT sign_offs_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE sign_offs ADD CONSTRAINT sign_offs_note_id_notes_id_fk FOREIGN KEY (note_id) REFERENCES notes(id);
ALTER TABLE sign_offs ADD CONSTRAINT sign_offs_pkey PRIMARY KEY (id);
ALTER TABLE signals ADD CONSTRAINT signals_dedupe_key_unique UNIQUE (dedupe_key);
ALTER TABLE signals ADD CONSTRAINT signals_detector_version_id_detector_versions_id_fk FOREIGN KEY (detector_version_id) REFERENCES detector_versions(id);
ALTER TABLE signals ADD CONSTRAINT signals_mode CHECK ((mode = ANY (ARRAY['shadow'::text, 'assisted'::text, 'live'::text])));
ALTER TABLE signals ADD CONSTRAINT signals_pkey PRIMARY KEY (id);
ALTER TABLE signals ADD CONSTRAINT signals_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE signals ADD CONSTRAINT signals_severity CHECK (((severity >= 1) AND (severity <= 4)));
ALTER TABLE stages ADD CONSTRAINT stages_decided_by_persons_id_fk FOREIGN KEY (decided_by) REFERENCES persons(id);
ALTER TABLE stages ADD CONSTRAINT stages_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE stages ADD CONSTRAINT stages_launch_id_percent_pk PRIMARY KEY (launch_id, percent);
ALTER TABLE stages ADD CONSTRAINT stages_percent CHECK ((percent = ANY (ARRAY[1, 10, 50, 100])));
ALTER TABLE statements_of_reasons ADD CONSTRAINT statements_of_reasons_kind CHECK ((kind = ANY (ARRAY['restricted'::text, 'made_permanent'::text])));
ALTER TABLE statements_of_reasons ADD CONSTRAINT statements_of_reasons_once UNIQUE (order_id, kind);
ALTER TABLE statements_of_reasons ADD CONSTRAINT statements_of_reasons_order_id_enforcement_orders_id_fk FOREIGN KEY (order_id) REFERENCES enforcement_orders(id);
ALTER TABLE statements_of_reasons ADD CONSTRAINT statements_of_reasons_pkey PRIMARY KEY (id);
ALTER TABLE status_mirrors ADD CONSTRAINT status_mirrors_escalation_id_escalations_id_fk FOREIGN KEY (escalation_id) REFERENCES escalations(id);
ALTER TABLE status_mirrors ADD CONSTRAINT status_mirrors_key PRIMARY KEY (escalation_id, kind, target);
ALTER TABLE status_mirrors ADD CONSTRAINT status_mirrors_kind CHECK ((kind = ANY (ARRAY['chat'::text, 'pagerduty_events_v2'::text])));
ALTER TABLE strikes ADD CONSTRAINT strikes_order_id_enforcement_orders_id_fk FOREIGN KEY (order_id) REFERENCES enforcement_orders(id);
ALTER TABLE strikes ADD CONSTRAINT strikes_order_id_unique UNIQUE (order_id);
ALTER TABLE strikes ADD CONSTRAINT strikes_pkey PRIMARY KEY (id);
ALTER TABLE strikes ADD CONSTRAINT strikes_product_id_products_id_fk FOREIGN KEY (product_id) REFERENCES products(id);
ALTER TABLE suggestions ADD CONSTRAINT suggestions_outcome CHECK ((outcome = ANY (ARRAY['accepted'::text, 'edited'::text, 'rejected'::text, 'ignored'::text])));
ALTER TABLE suggestions ADD CONSTRAINT suggestions_pkey PRIMARY KEY (id);
ALTER TABLE suggestions ADD CONSTRAINT suggestions_task_id_review_tasks_id_fk FOREIGN KEY (task_id) REFERENCES review_tasks(id);
ALTER TABLE suppressed_alerts ADD CONSTRAINT suppressed_alerts_key PRIMARY KEY (rule_id, service_id, dedup_key);
ALTER TABLE suppressed_alerts ADD CONSTRAINT suppressed_alerts_rule_id_suppression_rules_id_fk FOREIGN KEY (rule_id) REFERENCES suppression_rules(id);
ALTER TABLE suppressed_alerts ADD CONSTRAINT suppressed_alerts_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_created_by_persons_id_fk FOREIGN KEY (created_by) REFERENCES persons(id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_end CHECK (((ended_at IS NULL) = (ended_by IS NULL)));
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_ended_by_persons_id_fk FOREIGN KEY (ended_by) REFERENCES persons(id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_integration_id_integrations_id_fk FOREIGN KEY (integration_id) REFERENCES integrations(id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_owner_id_persons_id_fk FOREIGN KEY (owner_id) REFERENCES persons(id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_pkey PRIMARY KEY (id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_service_id_services_id_fk FOREIGN KEY (service_id) REFERENCES services(id);
ALTER TABLE suppression_rules ADD CONSTRAINT suppression_rules_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_decided_by_person CHECK (((status = ANY (ARRAY['proposed'::text, 'expired'::text])) = (decided_by IS NULL)));
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_decided_by_persons_id_fk FOREIGN KEY (decided_by) REFERENCES persons(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_one_person_id_persons_id_fk FOREIGN KEY (one_person_id) REFERENCES persons(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_other_person_id_persons_id_fk FOREIGN KEY (other_person_id) REFERENCES persons(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_pkey PRIMARY KEY (id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_proposed_by_persons_id_fk FOREIGN KEY (proposed_by) REFERENCES persons(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_status CHECK ((status = ANY (ARRAY['proposed'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text, 'expired'::text])));
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_team_id_teams_id_fk FOREIGN KEY (team_id) REFERENCES teams(id);
ALTER TABLE swap_requests ADD CONSTRAINT swap_requests_two_people CHECK ((one_person_id <> other_person_id));
ALTER TABLE taken_turns ADD CONSTRAINT taken_turns_once UNIQUE (schedule_id, turn);
ALTER TABLE taken_turns ADD CONSTRAINT taken_turns_schedule_id_cause_key_pk PRIMARY KEY (schedule_id, cause_key);
ALTER TABLE taken_turns ADD CONSTRAINT taken_turns_schedule_id_schedules_id_fk FOREIGN KEY (schedule_id) REFERENCES schedules(id);
ALTER TABLE teams ADD CONSTRAINT teams_key_unique UNIQUE (key);
ALTER TABLE teams ADD CONSTRAINT teams_pkey PRIMARY KEY (id);
ALTER TABLE tokens ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE tokens ADD CONSTRAINT tokens_principal_id_principals_id_fk FOREIGN KEY (principal_id) REFERENCES principals(id);
ALTER TABLE tokens ADD CONSTRAINT tokens_sha256_unique UNIQUE (sha256);
ALTER TABLE waivers ADD CONSTRAINT waivers_decided CHECK (((status <> ALL (ARRAY['approved'::text, 'refused'::text, 'expired'::text, 'revoked'::text])) OR (decided_by IS NOT NULL)));
ALTER TABLE waivers ADD CONSTRAINT waivers_decided_by_persons_id_fk FOREIGN KEY (decided_by) REFERENCES persons(id);
ALTER TABLE waivers ADD CONSTRAINT waivers_four_eyes CHECK (((decided_by IS NULL) OR (decided_by <> requested_by)));
ALTER TABLE waivers ADD CONSTRAINT waivers_launch_id_launches_id_fk FOREIGN KEY (launch_id) REFERENCES launches(id);
ALTER TABLE waivers ADD CONSTRAINT waivers_note_id_notes_id_fk FOREIGN KEY (note_id) REFERENCES notes(id);
ALTER TABLE waivers ADD CONSTRAINT waivers_pkey PRIMARY KEY (id);
ALTER TABLE waivers ADD CONSTRAINT waivers_requested_by_persons_id_fk FOREIGN KEY (requested_by) REFERENCES persons(id);
ALTER TABLE waivers ADD CONSTRAINT waivers_revoked CHECK (((status <> 'revoked'::text) OR (revoked_by IS NOT NULL)));
ALTER TABLE waivers ADD CONSTRAINT waivers_revoked_by_persons_id_fk FOREIGN KEY (revoked_by) REFERENCES persons(id);
ALTER TABLE waivers ADD CONSTRAINT waivers_status CHECK ((status = ANY (ARRAY['requested'::text, 'approved'::text, 'refused'::text, 'withdrawn'::text, 'expired'::text, 'revoked'::text, 'superseded'::text])));

-- indexes
CREATE INDEX action_attempts_action ON public.action_attempts USING btree (action_id, attempt);
CREATE INDEX alert_events_escalation ON public.alert_events USING btree (escalation_id);
CREATE INDEX alert_events_service ON public.alert_events USING btree (service_id, received_at);
CREATE INDEX audit_events_actor ON public.audit_events USING btree (actor_id, at);
CREATE INDEX audit_events_cause ON public.audit_events USING btree (cause);
CREATE INDEX calendar_feeds_created_by ON public.calendar_feeds USING btree (created_by);
CREATE INDEX calendar_feeds_person ON public.calendar_feeds USING btree (person_id);
CREATE INDEX calendar_feeds_schedule ON public.calendar_feeds USING btree (schedule_id);
CREATE INDEX canary_runs_launch ON public.canary_runs USING btree (launch_id);
CREATE INDEX canary_runs_product ON public.canary_runs USING btree (product_id);
CREATE INDEX canary_runs_team ON public.canary_runs USING btree (team_id, opened_at);
CREATE INDEX cases_launch ON public.cases USING btree (launch_id);
CREATE INDEX cases_policy_version ON public.cases USING btree (policy_version_id);
CREATE INDEX cases_team ON public.cases USING btree (team_id, opened_at);
CREATE INDEX change_events_service ON public.change_events USING btree (service_id, happened_at);
CREATE INDEX check_runs_launch ON public.check_runs USING btree (launch_id, requirement_id, run_at);
CREATE INDEX check_runs_reported_by ON public.check_runs USING btree (reported_by);
CREATE INDEX commands_aggregate ON public.commands USING btree (aggregate_kind, aggregate_id);
CREATE INDEX commands_pending ON public.commands USING btree (priority, share_key, seq) WHERE (status = 'pending'::text);
CREATE INDEX commands_pending_workflow ON public.commands USING btree (workflow_id, seq) WHERE (status = 'pending'::text);
CREATE INDEX contact_methods_address ON public.contact_methods USING btree (channel, address);
CREATE INDEX contact_methods_person ON public.contact_methods USING btree (person_id);
CREATE INDEX contact_verifications_expires ON public.contact_verifications USING btree (expires_at);
CREATE INDEX content_items_product ON public.content_items USING btree (product_id);
CREATE INDEX decisions_case ON public.decisions USING btree (case_id);
CREATE INDEX decisions_decided_by ON public.decisions USING btree (decided_by);
CREATE INDEX decisions_note ON public.decisions USING btree (note_id);
CREATE INDEX decisions_policy_version ON public.decisions USING btree (policy_version_id);
CREATE INDEX deliveries_bundled_into ON public.deliveries USING btree (bundled_into) WHERE (bundled_into IS NOT NULL);
CREATE INDEX deliveries_contact_method ON public.deliveries USING btree (contact_method_id);
CREATE INDEX deliveries_person ON public.deliveries USING btree (person_id, started_at);
CREATE INDEX deliveries_person_ordered ON public.deliveries USING btree (person_id, ordered_at);
CREATE INDEX deliveries_provider_ref ON public.deliveries USING btree (channel, provider_ref) WHERE (provider_ref IS NOT NULL);
CREATE INDEX deliveries_schedule ON public.deliveries USING btree (schedule_id, started_at);
CREATE INDEX deliveries_without_receipt ON public.deliveries USING btree (settled_at) WHERE ((status = ANY (ARRAY['sent'::text, 'unknown'::text])) AND (provider_ref IS NOT NULL));
CREATE INDEX detector_versions_created_by ON public.detector_versions USING btree (created_by);
CREATE INDEX detectors_owner ON public.detectors USING btree (owner_id);
CREATE INDEX detectors_team ON public.detectors USING btree (team_id);
CREATE INDEX enforcement_orders_account ON public.enforcement_orders USING btree (product_id, account_ref);
CREATE INDEX enforcement_orders_approved_by ON public.enforcement_orders USING btree (approved_by);
CREATE INDEX enforcement_orders_case ON public.enforcement_orders USING btree (case_id);
CREATE INDEX enforcement_orders_decided_by ON public.enforcement_orders USING btree (decided_by);
CREATE INDEX enforcement_orders_policy_version ON public.enforcement_orders USING btree (policy_version_id);
CREATE INDEX enforcement_orders_team ON public.enforcement_orders USING btree (team_id, opened_at);
CREATE INDEX escalation_policies_team ON public.escalation_policies USING btree (team_id);
CREATE INDEX escalation_policy_versions_created_by ON public.escalation_policy_versions USING btree (created_by);
CREATE INDEX escalations_acknowledged_by ON public.escalations USING btree (acknowledged_by) WHERE (acknowledged_by IS NOT NULL);
CREATE INDEX escalations_canary ON public.escalations USING btree (canary_id) WHERE (canary_id IS NOT NULL);
CREATE INDEX escalations_key ON public.escalations USING btree (service_id, dedup_key, opened_at);
CREATE INDEX escalations_open ON public.escalations USING btree (team_id, severity, opened_at) WHERE (closed_at IS NULL);
CREATE INDEX escalations_previous ON public.escalations USING btree (previous_id) WHERE (previous_id IS NOT NULL);
CREATE INDEX escalations_team ON public.escalations USING btree (team_id, opened_at);
CREATE INDEX evidence_collected_by ON public.evidence USING btree (collected_by);
CREATE INDEX evidence_launch ON public.evidence USING btree (launch_id, requirement_id);
CREATE INDEX exposure_entries_content ON public.exposure_entries USING btree (content_id);
CREATE INDEX exposure_entries_person ON public.exposure_entries USING btree (person_id, shown_at);
CREATE INDEX exposure_entries_task ON public.exposure_entries USING btree (task_id);
CREATE INDEX firing_alerts_firing ON public.firing_alerts USING btree (seen_at) WHERE ((ended_at IS NULL) OR (ended_at < started_at));
CREATE INDEX firing_alerts_over ON public.firing_alerts USING btree (seen_at) WHERE (ended_at >= started_at);
CREATE INDEX handover_notes_author ON public.handover_notes USING btree (author_id);
CREATE INDEX handover_notes_note ON public.handover_notes USING btree (note_id);
CREATE INDEX handover_notes_schedule ON public.handover_notes USING btree (schedule_id, created_at);
CREATE INDEX heartbeat_monitors_created_by ON public.heartbeat_monitors USING btree (created_by);
CREATE INDEX heartbeat_monitors_service ON public.heartbeat_monitors USING btree (service_id);
CREATE INDEX heartbeat_monitors_team ON public.heartbeat_monitors USING btree (team_id, created_at);
CREATE INDEX idempotency_records_created ON public.idempotency_records USING btree (created_at);
CREATE INDEX integration_keys_created_by ON public.integration_keys USING btree (created_by);
CREATE INDEX integration_keys_integration ON public.integration_keys USING btree (integration_id);
CREATE INDEX integrations_principal ON public.integrations USING btree (principal_id);
CREATE INDEX integrations_service ON public.integrations USING btree (service_id);
CREATE INDEX kill_switches_engaged_by ON public.kill_switches USING btree (engaged_by);
CREATE INDEX kill_switches_released_by ON public.kill_switches USING btree (released_by);
CREATE INDEX launch_requirements_owner ON public.launch_requirements USING btree (owner_person_id);
CREATE INDEX launches_opened_by ON public.launches USING btree (opened_by);
CREATE INDEX launches_product ON public.launches USING btree (product_id);
CREATE INDEX launches_team ON public.launches USING btree (team_id, opened_at);
CREATE INDEX maintenance_windows_coming ON public.maintenance_windows USING btree (starts_at) WHERE ((told_at IS NULL) AND (ended_by IS NULL));
CREATE INDEX maintenance_windows_created_by ON public.maintenance_windows USING btree (created_by);
CREATE INDEX maintenance_windows_ended_by ON public.maintenance_windows USING btree (ended_by);
CREATE INDEX maintenance_windows_service ON public.maintenance_windows USING btree (service_id, ends_at);
CREATE INDEX notes_author ON public.notes USING btree (author_id);
CREATE INDEX notification_rules_contact_method ON public.notification_rules USING btree (contact_method_id);
CREATE INDEX oncall_notices_contact_method ON public.oncall_notices USING btree (contact_method_id);
CREATE INDEX oncall_notices_open ON public.oncall_notices USING btree (created_at) WHERE (status = ANY (ARRAY['pending'::text, 'started'::text]));
CREATE INDEX oncall_notices_person ON public.oncall_notices USING btree (person_id, created_at);
CREATE INDEX oncall_notices_schedule ON public.oncall_notices USING btree (schedule_id, created_at);
CREATE INDEX oncall_notices_swap_request ON public.oncall_notices USING btree (swap_request_id);
CREATE INDEX page_links_command ON public.page_links USING btree (command_id);
CREATE INDEX page_links_delivery ON public.page_links USING btree (delivery_id);
CREATE INDEX page_links_escalation ON public.page_links USING btree (escalation_id);
CREATE INDEX page_links_expires ON public.page_links USING btree (expires_at);
CREATE INDEX page_links_person ON public.page_links USING btree (person_id);
CREATE INDEX policy_versions_published_by ON public.policy_versions USING btree (published_by);
CREATE INDEX product_events_account ON ONLY public.product_events USING btree (product_id, account_ref, occurred_at);
CREATE INDEX product_events_cursor ON ONLY public.product_events USING btree (product_id, transaction_id, seq);
CREATE INDEX product_events_id ON ONLY public.product_events USING btree (id);
CREATE INDEX products_service ON public.products USING btree (service_id);
CREATE INDEX products_team ON public.products USING btree (team_id);
CREATE INDEX protected_subjects_added_by ON public.protected_subjects USING btree (added_by);
CREATE INDEX provider_circuits_updated ON public.provider_circuits USING btree (updated_at);
CREATE INDEX reply_codes_created ON public.reply_codes USING btree (created_at);
CREATE INDEX reply_codes_delivery ON public.reply_codes USING btree (delivery_id);
CREATE INDEX reply_codes_escalation ON public.reply_codes USING btree (escalation_id);
CREATE INDEX review_queues_team ON public.review_queues USING btree (team_id);
CREATE INDEX review_tasks_claim_next ON public.review_tasks USING btree (queue_id, severity, due_at, id) WHERE (status = 'open'::text);
CREATE INDEX review_tasks_lease_owner ON public.review_tasks USING btree (lease_owner);
CREATE INDEX role_grants_granted_by ON public.role_grants USING btree (granted_by);
CREATE INDEX role_grants_team ON public.role_grants USING btree (team_id);
CREATE INDEX schedule_watches_look ON public.schedule_watches USING btree (look_at);
CREATE INDEX schedules_gap_service ON public.schedules USING btree (gap_service_id);
CREATE INDEX schedules_team ON public.schedules USING btree (team_id);
CREATE INDEX services_policy ON public.services USING btree (policy_id);
CREATE INDEX services_team ON public.services USING btree (team_id);
CREATE INDEX sign_offs_decided_by ON public.sign_offs USING btree (decided_by);
CREATE INDEX sign_offs_launch ON public.sign_offs USING btree (launch_id);
CREATE INDEX sign_offs_note ON public.sign_offs USING btree (note_id);
CREATE INDEX signals_account ON public.signals USING btree (product_id, account_ref, harm);
CREATE INDEX signals_content ON public.signals USING btree (content_id);
CREATE INDEX signals_detector_version ON public.signals USING btree (detector_version_id, created_at);
CREATE INDEX stages_decided_by ON public.stages USING btree (decided_by);
CREATE INDEX status_mirrors_updated ON public.status_mirrors USING btree (updated_at);
CREATE INDEX strikes_account ON public.strikes USING btree (product_id, account_ref);
CREATE INDEX suggestions_task ON public.suggestions USING btree (task_id);
CREATE INDEX suppressed_alerts_service ON public.suppressed_alerts USING btree (service_id, last_at);
CREATE INDEX suppression_rules_created_by ON public.suppression_rules USING btree (created_by);
CREATE INDEX suppression_rules_ended_by ON public.suppression_rules USING btree (ended_by);
CREATE INDEX suppression_rules_integration ON public.suppression_rules USING btree (integration_id);
CREATE INDEX suppression_rules_live ON public.suppression_rules USING btree (expires_at) WHERE (ended_at IS NULL);
CREATE INDEX suppression_rules_owner ON public.suppression_rules USING btree (owner_id);
CREATE INDEX suppression_rules_service ON public.suppression_rules USING btree (service_id);
CREATE INDEX suppression_rules_team ON public.suppression_rules USING btree (team_id, created_at);
CREATE INDEX swap_requests_decided_by ON public.swap_requests USING btree (decided_by);
CREATE INDEX swap_requests_one ON public.swap_requests USING btree (one_person_id);
CREATE INDEX swap_requests_open ON public.swap_requests USING btree (expires_at) WHERE (status = 'proposed'::text);
CREATE INDEX swap_requests_other ON public.swap_requests USING btree (other_person_id);
CREATE INDEX swap_requests_proposed_by ON public.swap_requests USING btree (proposed_by);
CREATE INDEX swap_requests_schedule ON public.swap_requests USING btree (schedule_id, created_at);
CREATE INDEX swap_requests_team ON public.swap_requests USING btree (team_id);
CREATE INDEX tokens_principal ON public.tokens USING btree (principal_id);
CREATE INDEX waivers_decided_by ON public.waivers USING btree (decided_by);
CREATE INDEX waivers_launch ON public.waivers USING btree (launch_id);
CREATE INDEX waivers_note ON public.waivers USING btree (note_id);
CREATE INDEX waivers_requested_by ON public.waivers USING btree (requested_by);
CREATE INDEX waivers_revoked_by ON public.waivers USING btree (revoked_by);
CREATE UNIQUE INDEX alert_events_cause ON public.alert_events USING btree (cause_key) WHERE (cause_key IS NOT NULL);
CREATE UNIQUE INDEX audit_events_version ON public.audit_events USING btree (aggregate_kind, aggregate_id, version) WHERE (version IS NOT NULL);
CREATE UNIQUE INDEX canary_runs_ref ON public.canary_runs USING btree (account_ref);
CREATE UNIQUE INDEX cases_open_subject ON public.cases USING btree (product_id, account_ref, harm, synthetic) WHERE ((closed_at IS NULL) AND (decided_at IS NULL));
CREATE UNIQUE INDEX commands_idempotency ON public.commands USING btree (principal_id, idempotency_key);
CREATE UNIQUE INDEX escalations_open_key ON public.escalations USING btree (service_id, dedup_key) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX heartbeat_monitors_live ON public.heartbeat_monitors USING btree (sha256) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX integration_keys_live ON public.integration_keys USING btree (sha256) WHERE (revoked_at IS NULL);
CREATE UNIQUE INDEX kill_switches_engaged ON public.kill_switches USING btree (product_id) WHERE (released_at IS NULL);
CREATE UNIQUE INDEX role_grants_active ON public.role_grants USING btree (principal_id, role, COALESCE(team_id, ''::text)) WHERE (revoked_at IS NULL);

-- functions
CREATE OR REPLACE FUNCTION public.ensure_product_event_partition(day date)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
DECLARE partition_name text := 'product_events_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtext('product_events_partition'));
  IF to_regclass(partition_name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I PARTITION OF product_events FOR VALUES FROM (%L) TO (%L)', partition_name, day, day + 1);
EXCEPTION WHEN check_violation THEN
  -- The default partition holds events of that day already; they are as good there.
  NULL;
END $function$
;

-- rights
GRANT INSERT, SELECT ON action_attempts TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON alert_events TO vigil_app;
GRANT INSERT, SELECT ON audit_events TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON audit_heads TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON calendar_feeds TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON canary_runs TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON case_signals TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON cases TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON change_events TO vigil_app;
GRANT INSERT, SELECT ON check_runs TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON commands TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON contact_methods TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON contact_verifications TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON content_items TO vigil_app;
GRANT INSERT, SELECT ON decisions TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON deliveries TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON detector_cursors TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON detector_gaps TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON detector_versions TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON detectors TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON enforcement_actions TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON enforcement_orders TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON escalation_policies TO vigil_app;
GRANT INSERT, SELECT ON escalation_policy_versions TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON escalations TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON evidence TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON exposure_entries TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON firing_alerts TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON handover_notes TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON heartbeat_monitors TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON idempotency_records TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON integration_keys TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON integrations TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON kill_switches TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON launch_requirements TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON launches TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON maintenance_windows TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON notes TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON notices TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON notification_rules TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON oncall_notices TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON page_links TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON persons TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON policies TO vigil_app;
GRANT INSERT, SELECT ON policy_versions TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON principals TO vigil_app;
GRANT INSERT, SELECT ON probe_facts TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON product_events TO vigil_app;
GRANT SELECT ON product_events TO vigil_detector;
GRANT DELETE, INSERT, SELECT, UPDATE ON products TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON protected_subjects TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON provider_circuits TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON reply_codes TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON review_queues TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON review_tasks TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON role_grants TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON round_robin_turns TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON schedule_watches TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON schedules TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON services TO vigil_app;
GRANT INSERT, SELECT ON sign_offs TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON signals TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON stages TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON statements_of_reasons TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON status_mirrors TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON strikes TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON suggestions TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON suppressed_alerts TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON suppression_rules TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON swap_requests TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON taken_turns TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON teams TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON tokens TO vigil_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON waivers TO vigil_app;
