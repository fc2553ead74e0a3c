import type { AnyConnector, OAuthManifest } from '@waymark/connector-kit';
import { describe, expect, it } from 'vitest';
import { scriptedConnector } from '../testing/scripted-source.ts';
import { accountBaseOf, AddressError, baseUrlsOf, fillPath, fits, parameterValues } from './addresses.ts';

const auth: OAuthManifest = {
  kind: 'oauth2',
  provider: 'desk',
  authorizePath: '/{tenant}/authorize',
  tokenPath: '/{tenant}/token',
  authorizeBase: 'api',
  tokenBase: 'api',
  pkce: true,
  authorizeParams: {},
  scopeSeparator: ' ',
  parameters: {
    subdomain: { label: 'the subdomain', pattern: '[a-z0-9][a-z0-9-]{0,62}', example: 'acme' },
    tenant: { label: 'the tenant', pattern: '[\\w.-]+', example: 'organizations', default: 'organizations' },
  },
  accountBase: { base: 'instance', field: 'instance_url', hosts: ['.desk.example', 'exact.example'] },
};
const plain = scriptedConnector('desk', []);
const connector: AnyConnector = {
  ...plain,
  manifest: {
    ...plain.manifest,
    name: 'Desk',
    vendor: 'deskvendor',
    auth,
    baseUrls: { api: 'https://{subdomain}.desk.example/v1', instance: 'https://login.desk.example' },
  },
};
const none = { accountBase: null };

describe('parameters', () => {
  it('fill the base URLs and have defaults', () => {
    const settings = { subdomain: 'acme' };
    expect(baseUrlsOf(connector, {}, { settings, ...none })).toEqual({
      api: 'https://acme.desk.example/v1',
      instance: 'https://login.desk.example',
    });
    expect(fillPath(auth.tokenPath, parameterValues(connector, settings))).toBe('/organizations/token');
  });

  it.each(['evil.com/', 'evil.com#', 'evil.com?', 'a@evil.com', 'evil.com:1', 'a\nb', 'a b', '..', '', 'ACME', 'é'])(
    'I6: %j is no subdomain',
    (subdomain) => {
      expect(() => baseUrlsOf(connector, {}, { settings: { subdomain }, ...none })).toThrow(AddressError);
    },
  );

  it('I6: a careless pattern does not let a value out of its part of the address', () => {
    const careless = { subdomain: { label: 'x', pattern: '[^]*', example: 'x' } };
    const loose: AnyConnector = {
      ...connector,
      manifest: { ...connector.manifest, auth: { ...auth, parameters: careless } },
    };
    for (const subdomain of ['evil.com/', 'evil.com#', 'evil.com?', 'a@evil.com', 'evil.com\\', 'evil.com:1/'])
      expect(() => baseUrlsOf(loose, {}, { settings: { subdomain }, ...none }), subdomain).toThrow(AddressError);
    expect(fillPath('/{tenant}/token', { tenant: '../../x?y#z' })).toBe('/..%2F..%2Fx%3Fy%23z/token');
  });

  it('what is missing is named, with how to give it', () => {
    expect(() => parameterValues(connector, {})).toThrow('--set subdomain=acme');
    expect(fits({ pattern: 'a|b' }, 'ab')).toBe(false);
  });

  it('the operator replaces origins and no more', () => {
    const urls = baseUrlsOf(
      connector,
      { deskvendor: 'http://127.0.0.1:9' },
      { settings: { subdomain: 'acme' }, accountBase: 'https://eu1.desk.example' },
    );
    expect(urls).toEqual({ api: 'http://127.0.0.1:9/v1', instance: 'http://127.0.0.1:9' });
  });
});

describe("the account's own address", () => {
  const base = (instance_url: unknown) => accountBaseOf(connector, {}, { instance_url });

  it('is taken from the token answer and used', () => {
    expect(base('https://eu1.desk.example/')).toBe('https://eu1.desk.example');
    expect(base('https://exact.example')).toBe('https://exact.example');
    const source = { settings: { subdomain: 'acme' }, accountBase: 'https://eu1.desk.example' };
    expect(baseUrlsOf(connector, {}, source).instance).toBe('https://eu1.desk.example');
  });

  it.each([
    'http://eu1.desk.example',
    'https://desk.example.evil.com',
    'https://evildesk.example',
    'https://notexact.example',
    'https://u:p@eu1.desk.example',
    'https://eu1.desk.example:8443',
    'https://evil.com/.desk.example',
    'eu1.desk.example',
    undefined,
    7,
  ])('I6: %s is none of the vendor', (given) => {
    expect(() => base(given)).toThrow(AddressError);
  });

  it('is not asked where the operator says where the vendor is', () => {
    expect(
      accountBaseOf(connector, { deskvendor: 'http://127.0.0.1:9' }, { instance_url: 'http://evil.com' }),
    ).toBeNull();
  });
});
