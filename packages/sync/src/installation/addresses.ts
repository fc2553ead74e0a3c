import type { AnyConnector, InstallParameter } from '@waymark/connector-kit';

/** What an admin gave that cannot stand in an address of the vendor, or what the vendor named that is none of its own. */
export class AddressError extends Error {
  readonly code = 'ADDRESS';

  constructor(message: string) {
    super(message);
    this.name = 'AddressError';
  }
}

/** The operator's address of a connector's vendor, where there is one. */
export function overrideOf(
  connector: AnyConnector,
  providerUrls: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { vendor, auth } = connector.manifest;
  return providerUrls[vendor ?? auth.provider];
}

/** What the admin of an installation is asked for; empty for most connectors. */
export function parametersOf(connector: AnyConnector): Readonly<Record<string, InstallParameter>> {
  const { auth } = connector.manifest;
  return auth.kind === 'oauth2' ? (auth.parameters ?? {}) : {};
}

/** Whether a value is what a parameter may be, from its first to its last character. */
export function fits(parameter: { readonly pattern?: string }, value: string): boolean {
  return parameter.pattern === undefined || new RegExp(`^(?:${parameter.pattern})$`, 'u').test(value);
}

/**
 * The parameters of an installation from its settings, with defaults. Throws AddressError that names the one that is missing or does
 * not match: a value ends up in an address to which secrets are sent.
 */
export function parameterValues(
  connector: AnyConnector,
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parametersOf(connector)).map(([name, parameter]) => {
      const value = settings[name] ?? parameter.default;
      if (typeof value !== 'string' || value === '')
        throw new AddressError(
          `${connector.manifest.name} needs ${parameter.label}: give --set ${name}=${parameter.example}.`,
        );
      if (!fits(parameter, value))
        throw new AddressError(`${parameter.label} cannot be ${JSON.stringify(value)}: one is ${parameter.example}.`);
      return [name, value];
    }),
  );
}

/** Fills `{name}` in a path of the manifest; a value cannot begin another segment, a query or a fragment. */
export function fillPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/gu, (whole, name: string) =>
    values[name] === undefined ? whole : encodeURIComponent(values[name]),
  );
}

/** Fills `{name}` in a base URL. Throws AddressError where the value would change more than its part of the host name. */
function fillBase(base: string, values: Readonly<Record<string, string>>): string {
  if (!base.includes('{')) return base;
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/gu, (whole, name: string) => values[name] ?? whole);
  const filled = fill(base);
  const host = fill(/^https?:\/\/([^/]+)/u.exec(base)?.[1] ?? '');
  if (!URL.canParse(filled) || new URL(filled).host !== host.toLowerCase())
    throw new AddressError(`The values of this installation make no address of the vendor: ${filled.slice(0, 200)}.`);
  return filled;
}

/** What base URLs depend on beside the connector. */
export interface AddressSource {
  readonly settings: Readonly<Record<string, unknown>>;
  /** As the provider's token answer named it, checked by `accountBaseOf`. */
  readonly accountBase: string | null;
}

/**
 * Base URLs of a connector for one installation: the vendor's own with the installation's parameters and account; the operator's origin
 * takes the place of each origin. Throws AddressError.
 */
export function baseUrlsOf(
  connector: AnyConnector,
  providerUrls: Readonly<Record<string, string | undefined>>,
  source: AddressSource,
): Readonly<Record<string, string>> {
  const { auth, baseUrls } = connector.manifest;
  const values = parameterValues(connector, source.settings);
  const override = overrideOf(connector, providerUrls);
  const own = auth.kind === 'oauth2' ? auth.accountBase?.base : undefined;
  return Object.fromEntries(
    Object.entries(baseUrls).map(([name, base]) => {
      if (override !== undefined) return [name, `${override}${/^https?:\/\/[^/]+(\/.*)?$/u.exec(base)?.[1] ?? ''}`];
      if (name === own && source.accountBase !== null) return [name, source.accountBase];
      return [name, fillBase(base, values)];
    }),
  );
}

/**
 * The account's own base URL from a token answer, null where the manifest names none or the operator's address holds anyway. Throws
 * AddressError for one that is no https address of the vendor's hosts: tokens would go there.
 */
export function accountBaseOf(
  connector: AnyConnector,
  providerUrls: Readonly<Record<string, string | undefined>>,
  answer: Readonly<Record<string, unknown>>,
): string | null {
  const { auth, name } = connector.manifest;
  if (auth.kind !== 'oauth2' || !auth.accountBase || overrideOf(connector, providerUrls) !== undefined) return null;
  const { field, hosts } = auth.accountBase;
  const given = answer[field];
  const url = typeof given === 'string' && URL.canParse(given) ? new URL(given) : undefined;
  const known = hosts.some((host) =>
    host.startsWith('.') ? url?.hostname.endsWith(host) : url?.hostname === host || url?.hostname.endsWith(`.${host}`),
  );
  if (url?.protocol !== 'https:' || !known || url.username !== '' || url.password !== '' || url.port !== '')
    throw new AddressError(
      `${name} named ${String(given).slice(0, 200)} as the account's address, which is none of its own: nothing was sent there.`,
    );
  return url.origin;
}
