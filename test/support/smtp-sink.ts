/** The mail server of the simulators, for the tests of what sends mail. */
export { startSmtpSink } from '#demo/simulators/smtp-sink.ts';
export type { SmtpFault, SmtpSink } from '#demo/simulators/smtp-sink.ts';
