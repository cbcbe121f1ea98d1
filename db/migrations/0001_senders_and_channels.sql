CREATE TABLE "taken_turns" (
	"schedule_id" text NOT NULL,
	"cause_key" text NOT NULL,
	"turn" bigint NOT NULL,
	CONSTRAINT "taken_turns_schedule_id_cause_key_pk" PRIMARY KEY("schedule_id","cause_key"),
	CONSTRAINT "taken_turns_once" UNIQUE("schedule_id","turn")
);
--> statement-breakpoint
CREATE TABLE "change_events" (
	"id" text PRIMARY KEY NOT NULL,
	"seq" bigint DEFAULT nextval('fact_seq') NOT NULL,
	"service_id" text NOT NULL,
	"reported_by" text NOT NULL,
	"summary" text NOT NULL,
	"source" text,
	"happened_at" timestamp (3) with time zone NOT NULL,
	"details" jsonb,
	"links" jsonb,
	"received_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "firing_alerts" (
	"service_id" text NOT NULL,
	"dedup_key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"seen_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "firing_alerts_key" PRIMARY KEY("service_id","dedup_key","fingerprint")
);
--> statement-breakpoint
CREATE TABLE "heartbeat_monitors" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"service_id" text NOT NULL,
	"name" text NOT NULL,
	"sha256" text NOT NULL,
	"interval_seconds" integer NOT NULL,
	"severity" smallint NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"status" text NOT NULL,
	"state" jsonb,
	"last_beat_at" timestamp (3) with time zone,
	"beats" bigint DEFAULT 0 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp (3) with time zone,
	CONSTRAINT "heartbeat_monitors_interval" CHECK ("heartbeat_monitors"."interval_seconds" BETWEEN 60 AND 2592000),
	CONSTRAINT "heartbeat_monitors_severity" CHECK ("heartbeat_monitors"."severity" BETWEEN 1 AND 4),
	CONSTRAINT "heartbeat_monitors_status" CHECK (status IN ('opening', 'waiting', 'beating', 'missed', 'paused', 'closed'))
);
--> statement-breakpoint
CREATE TABLE "integration_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"integration_id" text NOT NULL,
	"sha256" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "suppressed_alerts" (
	"rule_id" text NOT NULL,
	"service_id" text NOT NULL,
	"dedup_key" text NOT NULL,
	"reported_by" text NOT NULL,
	"severity" smallint NOT NULL,
	"title" text NOT NULL,
	"count" bigint DEFAULT 1 NOT NULL,
	"first_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"last_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "suppressed_alerts_key" PRIMARY KEY("rule_id","service_id","dedup_key")
);
--> statement-breakpoint
CREATE TABLE "suppression_rules" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"name" text NOT NULL,
	"owner_id" text NOT NULL,
	"service_id" text,
	"integration_id" text,
	"conditions" jsonb NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"ended_by" text,
	CONSTRAINT "suppression_rules_end" CHECK (("suppression_rules"."ended_at" IS NULL) = ("suppression_rules"."ended_by" IS NULL))
);
--> statement-breakpoint
CREATE TABLE "contact_verifications" (
	"contact_method_id" text PRIMARY KEY NOT NULL,
	"sha256" text NOT NULL,
	"attempts_left" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "page_links" (
	"id" text PRIMARY KEY NOT NULL,
	"sha256" text NOT NULL,
	"escalation_id" text NOT NULL,
	"person_id" text NOT NULL,
	"delivery_id" text NOT NULL,
	"action" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"command_id" text,
	"undone_at" timestamp (3) with time zone,
	CONSTRAINT "page_links_sha256_unique" UNIQUE("sha256"),
	CONSTRAINT "page_links_action" CHECK (action IN ('acknowledge'))
);
--> statement-breakpoint
CREATE TABLE "provider_circuits" (
	"provider" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"refused" bigint DEFAULT 0 NOT NULL,
	"opened_at" timestamp (3) with time zone,
	"retry_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "provider_circuits_state" CHECK (state IN ('closed', 'open', 'half_open'))
);
--> statement-breakpoint
CREATE TABLE "reply_codes" (
	"contact_method_id" text NOT NULL,
	"code" integer NOT NULL,
	"escalation_id" text NOT NULL,
	"delivery_id" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reply_codes_key" PRIMARY KEY("contact_method_id","code")
);
--> statement-breakpoint
CREATE TABLE "status_mirrors" (
	"escalation_id" text NOT NULL,
	"kind" text NOT NULL,
	"target" text NOT NULL,
	"shown_version" integer DEFAULT 0 NOT NULL,
	"shown_status" text,
	"error_code" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "status_mirrors_key" PRIMARY KEY("escalation_id","kind","target"),
	CONSTRAINT "status_mirrors_kind" CHECK (kind IN ('chat', 'pagerduty_events_v2'))
);
--> statement-breakpoint
ALTER TABLE "alert_events" DROP CONSTRAINT "alert_events_cause_key_unique";--> statement-breakpoint
ALTER TABLE "alert_events" DROP CONSTRAINT "alert_events_disposition";--> statement-breakpoint
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_status";--> statement-breakpoint
ALTER TABLE "oncall_notices" DROP CONSTRAINT "oncall_notices_kind";--> statement-breakpoint
DROP INDEX "escalations_previous";--> statement-breakpoint
DROP INDEX "escalations_acknowledged_by";--> statement-breakpoint
DROP INDEX "escalations_canary";--> statement-breakpoint
DROP INDEX "commands_pending";--> statement-breakpoint
ALTER TABLE "oncall_notices" ALTER COLUMN "schedule_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "bundled_into" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "names" text[];--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "provider_ref" text;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "receipt_asked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "deliveries" ADD COLUMN "ordered_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "escalations" ADD COLUMN "last_resolve_seq" bigint;--> statement-breakpoint
ALTER TABLE "escalations" ADD COLUMN "opened_via" text;--> statement-breakpoint
ALTER TABLE "integrations" ADD COLUMN "document" jsonb DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "integrations" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD COLUMN "provider_ref" text;--> statement-breakpoint
ALTER TABLE "commands" ADD COLUMN "share_key" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "taken_turns" ADD CONSTRAINT "taken_turns_schedule_id_schedules_id_fk" FOREIGN KEY ("schedule_id") REFERENCES "public"."schedules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "change_events" ADD CONSTRAINT "change_events_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "firing_alerts" ADD CONSTRAINT "firing_alerts_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "heartbeat_monitors" ADD CONSTRAINT "heartbeat_monitors_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "heartbeat_monitors" ADD CONSTRAINT "heartbeat_monitors_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "heartbeat_monitors" ADD CONSTRAINT "heartbeat_monitors_created_by_persons_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integration_keys" ADD CONSTRAINT "integration_keys_integration_id_integrations_id_fk" FOREIGN KEY ("integration_id") REFERENCES "public"."integrations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integration_keys" ADD CONSTRAINT "integration_keys_created_by_principals_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."principals"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppressed_alerts" ADD CONSTRAINT "suppressed_alerts_rule_id_suppression_rules_id_fk" FOREIGN KEY ("rule_id") REFERENCES "public"."suppression_rules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppressed_alerts" ADD CONSTRAINT "suppressed_alerts_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppression_rules" ADD CONSTRAINT "suppression_rules_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppression_rules" ADD CONSTRAINT "suppression_rules_owner_id_persons_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppression_rules" ADD CONSTRAINT "suppression_rules_service_id_services_id_fk" FOREIGN KEY ("service_id") REFERENCES "public"."services"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppression_rules" ADD CONSTRAINT "suppression_rules_integration_id_integrations_id_fk" FOREIGN KEY ("integration_id") REFERENCES "public"."integrations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppression_rules" ADD CONSTRAINT "suppression_rules_created_by_persons_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suppression_rules" ADD CONSTRAINT "suppression_rules_ended_by_persons_id_fk" FOREIGN KEY ("ended_by") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contact_verifications" ADD CONSTRAINT "contact_verifications_contact_method_id_contact_methods_id_fk" FOREIGN KEY ("contact_method_id") REFERENCES "public"."contact_methods"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "page_links" ADD CONSTRAINT "page_links_escalation_id_escalations_id_fk" FOREIGN KEY ("escalation_id") REFERENCES "public"."escalations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "page_links" ADD CONSTRAINT "page_links_person_id_persons_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."persons"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "page_links" ADD CONSTRAINT "page_links_delivery_id_deliveries_id_fk" FOREIGN KEY ("delivery_id") REFERENCES "public"."deliveries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "page_links" ADD CONSTRAINT "page_links_command_id_commands_id_fk" FOREIGN KEY ("command_id") REFERENCES "public"."commands"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reply_codes" ADD CONSTRAINT "reply_codes_contact_method_id_contact_methods_id_fk" FOREIGN KEY ("contact_method_id") REFERENCES "public"."contact_methods"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reply_codes" ADD CONSTRAINT "reply_codes_escalation_id_escalations_id_fk" FOREIGN KEY ("escalation_id") REFERENCES "public"."escalations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reply_codes" ADD CONSTRAINT "reply_codes_delivery_id_deliveries_id_fk" FOREIGN KEY ("delivery_id") REFERENCES "public"."deliveries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "status_mirrors" ADD CONSTRAINT "status_mirrors_escalation_id_escalations_id_fk" FOREIGN KEY ("escalation_id") REFERENCES "public"."escalations"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "change_events_service" ON "change_events" USING btree ("service_id","happened_at");--> statement-breakpoint
CREATE INDEX "firing_alerts_over" ON "firing_alerts" USING btree ("seen_at") WHERE "firing_alerts"."ended_at" >= "firing_alerts"."started_at";--> statement-breakpoint
CREATE INDEX "firing_alerts_firing" ON "firing_alerts" USING btree ("seen_at") WHERE "firing_alerts"."ended_at" IS NULL OR "firing_alerts"."ended_at" < "firing_alerts"."started_at";--> statement-breakpoint
CREATE UNIQUE INDEX "heartbeat_monitors_live" ON "heartbeat_monitors" USING btree ("sha256") WHERE "heartbeat_monitors"."closed_at" IS NULL;--> statement-breakpoint
CREATE INDEX "heartbeat_monitors_team" ON "heartbeat_monitors" USING btree ("team_id","created_at");--> statement-breakpoint
CREATE INDEX "heartbeat_monitors_service" ON "heartbeat_monitors" USING btree ("service_id");--> statement-breakpoint
CREATE INDEX "heartbeat_monitors_created_by" ON "heartbeat_monitors" USING btree ("created_by");--> statement-breakpoint
CREATE UNIQUE INDEX "integration_keys_live" ON "integration_keys" USING btree ("sha256") WHERE "integration_keys"."revoked_at" IS NULL;--> statement-breakpoint
CREATE INDEX "integration_keys_integration" ON "integration_keys" USING btree ("integration_id");--> statement-breakpoint
CREATE INDEX "integration_keys_created_by" ON "integration_keys" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "suppressed_alerts_service" ON "suppressed_alerts" USING btree ("service_id","last_at");--> statement-breakpoint
CREATE INDEX "suppression_rules_live" ON "suppression_rules" USING btree ("expires_at") WHERE "suppression_rules"."ended_at" IS NULL;--> statement-breakpoint
CREATE INDEX "suppression_rules_team" ON "suppression_rules" USING btree ("team_id","created_at");--> statement-breakpoint
CREATE INDEX "suppression_rules_owner" ON "suppression_rules" USING btree ("owner_id");--> statement-breakpoint
CREATE INDEX "suppression_rules_service" ON "suppression_rules" USING btree ("service_id");--> statement-breakpoint
CREATE INDEX "suppression_rules_integration" ON "suppression_rules" USING btree ("integration_id");--> statement-breakpoint
CREATE INDEX "suppression_rules_created_by" ON "suppression_rules" USING btree ("created_by");--> statement-breakpoint
CREATE INDEX "suppression_rules_ended_by" ON "suppression_rules" USING btree ("ended_by");--> statement-breakpoint
CREATE INDEX "contact_verifications_expires" ON "contact_verifications" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "page_links_command" ON "page_links" USING btree ("command_id");--> statement-breakpoint
CREATE INDEX "page_links_escalation" ON "page_links" USING btree ("escalation_id");--> statement-breakpoint
CREATE INDEX "page_links_person" ON "page_links" USING btree ("person_id");--> statement-breakpoint
CREATE INDEX "page_links_delivery" ON "page_links" USING btree ("delivery_id");--> statement-breakpoint
CREATE INDEX "page_links_expires" ON "page_links" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "provider_circuits_updated" ON "provider_circuits" USING btree ("updated_at");--> statement-breakpoint
CREATE INDEX "reply_codes_escalation" ON "reply_codes" USING btree ("escalation_id");--> statement-breakpoint
CREATE INDEX "reply_codes_delivery" ON "reply_codes" USING btree ("delivery_id");--> statement-breakpoint
CREATE INDEX "reply_codes_created" ON "reply_codes" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "status_mirrors_updated" ON "status_mirrors" USING btree ("updated_at");--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_bundled_into_deliveries_id_fk" FOREIGN KEY ("bundled_into") REFERENCES "public"."deliveries"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "contact_methods_address" ON "contact_methods" USING btree ("channel","address");--> statement-breakpoint
CREATE UNIQUE INDEX "alert_events_cause" ON "alert_events" USING btree ("cause_key") WHERE "alert_events"."cause_key" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_person_ordered" ON "deliveries" USING btree ("person_id","ordered_at");--> statement-breakpoint
CREATE INDEX "deliveries_bundled_into" ON "deliveries" USING btree ("bundled_into") WHERE "deliveries"."bundled_into" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_provider_ref" ON "deliveries" USING btree ("channel","provider_ref") WHERE "deliveries"."provider_ref" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "deliveries_without_receipt" ON "deliveries" USING btree ("settled_at") WHERE "deliveries"."status" IN ('sent', 'unknown') AND "deliveries"."provider_ref" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "escalations_previous" ON "escalations" USING btree ("previous_id") WHERE "escalations"."previous_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "escalations_acknowledged_by" ON "escalations" USING btree ("acknowledged_by") WHERE "escalations"."acknowledged_by" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "escalations_canary" ON "escalations" USING btree ("canary_id") WHERE "escalations"."canary_id" IS NOT NULL;--> statement-breakpoint
CREATE INDEX "commands_pending" ON "commands" USING btree ("priority","share_key","seq") WHERE "commands"."status" = 'pending';--> statement-breakpoint
ALTER TABLE "alert_events" ADD CONSTRAINT "alert_events_disposition" CHECK (disposition IN ('opened', 'merged', 'resolved', 'acknowledged', 'noted', 'suppressed', 'dropped'));--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_bundled" CHECK (("deliveries"."status" = 'bundled') = ("deliveries"."bundled_into" IS NOT NULL));--> statement-breakpoint
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_status" CHECK (status IN ('held', 'started', 'sent', 'delivered', 'unknown', 'failed', 'superseded', 'bundled'));--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD CONSTRAINT "oncall_notices_concern" CHECK (CASE WHEN "oncall_notices"."kind" IN ('handoff', 'swap') THEN "oncall_notices"."schedule_id" ELSE "oncall_notices"."contact_method_id" END IS NOT NULL);--> statement-breakpoint
ALTER TABLE "oncall_notices" ADD CONSTRAINT "oncall_notices_kind" CHECK (kind IN ('handoff', 'swap', 'verification', 'test'));