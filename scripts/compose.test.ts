import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
}

const read = (name: string) => readFileSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
};
const { services } = compose;
const service = (name: string): Service => {
  const found = services[name];
  if (!found) throw new Error(`there is no service ${name}`);
  return found;
};

describe('the production shape', () => {
  it('has every part of it', () => {
    expect(Object.keys(services).toSorted()).toEqual(
      ['api', 'migrate', 'postgres', 'temporal', 'temporal-postgres', 'temporal-ui', 'worker'].toSorted(),
    );
  });

  it('runs migrate, api and worker from one image', () => {
    const images = ['api', 'migrate', 'worker'].map((name) => service(name).image);
    expect(new Set(images).size).toBe(1);
    expect(service('api').command).toEqual(['node', 'api/server.ts']);
    expect(service('worker').command).toEqual(['node', 'worker/main.ts']);
    expect(service('migrate').command?.at(-1)).toBe('migrate');
  });

  it('gives Temporal a store of its own, away from the data of Vigil', () => {
    expect(service('temporal').environment?.['POSTGRES_SEEDS']).toBe('temporal-postgres');
    expect(service('api').environment?.['VIGIL_DATABASE_URL']).toContain('@postgres:5432/vigil');
  });

  it('checks the health of everything that stays up', () => {
    const long = Object.keys(services).filter((name) => name !== 'migrate');
    expect(long.filter((name) => service(name).healthcheck === undefined)).toEqual([]);
  });

  it('starts api and worker only after a finished migration and a healthy Temporal', () => {
    for (const name of ['api', 'worker']) {
      expect(service(name).depends_on).toEqual({
        migrate: { condition: 'service_completed_successfully' },
        temporal: { condition: 'service_healthy' },
      });
    }
    expect(service('migrate').depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
  });

  it('holds no secret, and no default for one', () => {
    const secretName = /(PASSWORD|PWD|SECRET|TOKEN|_URL$)/;
    for (const [name, { environment = {} }] of Object.entries(services)) {
      for (const [key, value] of Object.entries(environment)) {
        if (!secretName.test(key) || key.endsWith('_FILE') || key === 'VIGIL_ENFORCEMENT_URL') continue;
        expect(value, `${name}.${key}`).toMatch(/\$\{[A-Z_]+:\?[^}]+\}/);
      }
    }
    for (const [name, { file }] of Object.entries(compose.secrets))
      expect(file, name).toMatch(/^\$\{[A-Z_]+:\?[^}]+\}$/);
    expect(text).not.toMatch(/\$\{[A-Z_]*(PASSWORD|SECRET|TOKEN)[A-Z_]*:-/);
  });

  it('publishes the API and the histories on loopback unless told otherwise', () => {
    expect(service('api').ports).toEqual(['${VIGIL_API_PUBLISH:-127.0.0.1:8080}:8080']);
    expect(service('temporal-ui').ports).toEqual(['127.0.0.1:8233:8080']);
    const published = Object.entries(services).filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name).toSorted()).toEqual(['api', 'temporal-ui']);
  });

  it('names only variables that Vigil reads', () => {
    const known = read('.env.example');
    const names = ['api', 'worker', 'migrate'].flatMap((name) => Object.keys(service(name).environment ?? {}));
    const unknown = [...new Set(names)].filter(
      (name) => name.startsWith('VIGIL_') && !new RegExp(`^#?${name}=`, 'm').test(known),
    );
    expect(unknown).toEqual([]);
  });

  it('copies every folder into the image that its processes import', () => {
    const dockerfile = read('Dockerfile');
    for (const folder of [
      'domain',
      'workflows',
      'activities',
      'db',
      'gateway',
      'api',
      'worker',
      'config',
      'cli',
      'scripts',
    ]) {
      expect(dockerfile).toContain(`COPY ${folder} ./${folder}`);
    }
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});
