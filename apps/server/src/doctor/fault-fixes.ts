/** What a person does about a fault of a stream, by its kind. */
export function fixOf(kind: string, connector: string): string {
  const fixes: Readonly<Record<string, string>> = {
    'cursor-expired': 'Nothing: the stream reads the window again by itself.',
    'rate-limited':
      'Nothing now: it goes on when the provider allows. If it stays, lower WAYMARK_RATE_SHARE or ask the provider for more.',
    'quota-exhausted':
      'Nothing now: it goes on when the quota is renewed. If it stays, ask the provider for a higher quota.',
    'auth-revoked': `Connect the account again: waymark install ${connector}.`,
    'token-expired': `The provider refuses a token that was just renewed. Connect the account again: waymark install ${connector}.`,
    'scope-missing': `Connect the account again and allow what is asked for: waymark install ${connector}. The other streams run meanwhile.`,
    'record-gone': 'Nothing: the record was deleted at the provider while it was read.',
    transient:
      'Nothing now: it is tried again. If it stays for hours, look at the provider’s status page and at the way out of this network.',
    rejected:
      'The provider refuses what is asked of it: see the message, check the settings of the installation, and report it if they are right.',
    defect:
      'Update Waymark or the connector, and report the message with the log. It is tried again, more and more rarely; the other streams run meanwhile.',
  };
  return fixes[kind] ?? 'See the message. If it stays, report it with the log.';
}
