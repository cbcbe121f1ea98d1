import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig, readMigrationConfig, Secret } from './env.ts';

const usable = { VIGIL_DATABASE_URL: 'postgres://vigil_app:hunter2@127.0.0.1/vigil' };

describe('the configuration', () => {
  it('lists every bad variable at once, and never a value', () => {
    const read = () =>
      readConfig({
        VIGIL_API_PORT: '99999',
        VIGIL_DB_POOL_SIZE: 'many',
        VIGIL_COMMAND_DEADLINE: '5 seconds',
        VIGIL_DETECTOR_DATABASE_URL: 'mysql://secret-password@host',
      });
    expect(read).toThrow(ConfigurationError);
    try {
      read();
    } catch (error) {
      const { problems, message } = error as ConfigurationError;
      expect(new Set(problems.map((problem) => problem.split(/[ :]/)[0]))).toEqual(
        new Set([
          'VIGIL_API_PORT',
          'VIGIL_COMMAND_DEADLINE',
          'VIGIL_DATABASE_URL',
          'VIGIL_DB_POOL_SIZE',
          'VIGIL_DETECTOR_DATABASE_URL',
        ]),
      );
      expect(message).not.toContain('secret-password');
    }
  });

  it('has a default for all but the database', () => {
    const config = readConfig(usable);
    expect(config.api).toMatchObject({ host: '127.0.0.1', port: 8080, commandDeadlineMs: 5_000 });
    expect(config.db.detectorUrl).toBeNull();
  });

  it('takes an empty variable as unset', () => {
    expect(readConfig({ ...usable, VIGIL_API_PORT: '' }).api.port).toBe(8080);
    expect(() => readConfig({ VIGIL_DATABASE_URL: '' })).toThrow(/VIGIL_DATABASE_URL is required/);
  });

  it('reads durations with their unit', () => {
    for (const [text, ms] of [
      ['250ms', 250],
      ['5s', 5_000],
      ['3m', 180_000],
      ['1h', 3_600_000],
    ] as const) {
      expect(readConfig({ ...usable, VIGIL_DB_STATEMENT_TIMEOUT: text }).db.statementTimeoutMs).toBe(ms);
    }
  });

  it('takes mails only with a port, and then needs a domain and both files of a certificate', () => {
    expect(readConfig(usable).smtp).toBeNull();
    const on = { ...usable, VIGIL_SMTP_PORT: '2525' };
    expect(() => readConfig({ ...on, VIGIL_SMTP_TLS_CERT_FILE: '/cert.pem' })).toThrow(
      /VIGIL_SMTP_DOMAIN is required with VIGIL_SMTP_PORT\n.*belong together/,
    );
    expect(readConfig({ ...on, VIGIL_SMTP_DOMAIN: 'a.example, b.example' }).smtp).toEqual({
      port: 2_525,
      host: '127.0.0.1',
      domains: ['a.example', 'b.example'],
      tls: null,
    });
  });

  it('gives the migration only what was set', () => {
    expect(() => readMigrationConfig(usable)).toThrow(/VIGIL_DATABASE_OWNER_URL is required/);
    const { passwords } = readMigrationConfig({ VIGIL_DATABASE_OWNER_URL: 'postgres://o@h/d' });
    expect(passwords).toEqual({});
  });
});

describe('a secret', () => {
  it('prints as redacted wherever it may be printed', () => {
    const secret = new Secret('hunter2');
    const printed = [String(secret), JSON.stringify({ secret }), inspect({ secret })];
    for (const text of printed) expect(text).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });
});
