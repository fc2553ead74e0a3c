import type { EntityFact, Participant } from '@waymark/journey';
import { addressKey, domainOf } from './domains.ts';

/** What is neither read nor kept. */
export type ExclusionKind = 'domain' | 'person' | 'pair' | 'label' | 'keyword' | 'installation';

export interface ExclusionRule {
  readonly exclusionId: string;
  readonly kind: ExclusionKind;
  /** A domain with all below it, an address key, a label or folder with all below it, a word of the title, or an installation's id. */
  readonly value: string;
  /** The second of a pair: an address key, or `account:<id>`; empty for all else. */
  readonly other: string;
  /** The only installation that it is for; empty for all. */
  readonly scope: string;
}

/** What exclusions ask of something that was read. */
export interface Excludable {
  readonly installationId: string | null;
  readonly participants: readonly Participant[];
  /** The domain or record that an import names as its subject. */
  readonly subject?: string | undefined;
  /** Labels or folders. */
  readonly tags: readonly string[];
  /** A mail's subject, a meeting's title. */
  readonly title: string | undefined;
}

/** The rules in force, ready to be asked of every record. Pure. */
export class Exclusions {
  readonly rules: readonly ExclusionRule[];
  readonly #byText: readonly ExclusionRule[];

  constructor(rules: readonly ExclusionRule[]) {
    this.rules = rules;
    this.#byText = rules.filter((one) => one.kind !== 'installation' && one.kind !== 'label');
  }

  /** Whether these are the very same rules. */
  sameAs(other: Exclusions): boolean {
    const ids = (rules: readonly ExclusionRule[]) => rules.map((one) => one.exclusionId).join(' ');
    return ids(this.rules) === ids(other.rules);
  }

  /** Pairs of a person and an account: only matching can tell whether they apply. */
  get accountPairs(): readonly ExclusionRule[] {
    return this.rules.filter((one) => one.kind === 'pair' && one.other.startsWith('account:'));
  }

  /** The first rule that excludes it; undefined where it is kept. */
  of(what: Excludable): ExclusionRule | undefined {
    if (this.rules.length === 0) return undefined;
    const people = new Set(what.participants.flatMap(({ address }) => (address ? [addressKey(address)] : [])));
    return this.rules.find((rule) => applies(rule, what, people));
  }

  /** The first rule that excludes an event of a person by its account. */
  ofPair(participants: readonly Participant[], accountId: string | null): ExclusionRule | undefined {
    if (accountId === null) return undefined;
    return this.accountPairs.find(
      (rule) =>
        rule.other === `account:${accountId}` &&
        participants.some(({ address }) => address !== undefined && addressKey(address) === rule.value),
    );
  }

  /** Whether a person or their domain is excluded altogether. */
  ofAddress(address: string): ExclusionRule | undefined {
    const key = addressKey(address);
    return this.rules.find(
      (rule) =>
        rule.scope === '' &&
        ((rule.kind === 'person' && rule.value === key) ||
          (rule.kind === 'domain' && isBelow(domainOf(key) ?? '', rule.value))),
    );
  }

  ofDomain(domain: string): ExclusionRule | undefined {
    return this.rules.find((rule) => rule.kind === 'domain' && rule.scope === '' && isBelow(domain, rule.value));
  }

  /** What a CRM says of who exists, without who is excluded: undefined where nobody is left. */
  entity(fact: EntityFact): { readonly fact: EntityFact | undefined; readonly rule: ExclusionRule | undefined } {
    if (fact.kind === 'contact') {
      const rule = fact.addresses.map((one) => this.ofAddress(one)).find((one) => one !== undefined);
      if (!rule) return { fact, rule };
      const addresses = fact.addresses.filter((one) => this.ofAddress(one) === undefined);
      return { fact: addresses.length === 0 ? undefined : { ...fact, addresses }, rule };
    }
    if (fact.kind !== 'account') return { fact, rule: undefined };
    const rule = fact.domains.map((one) => this.ofDomain(one)).find((one) => one !== undefined);
    if (!rule) return { fact, rule };
    return { fact: { ...fact, domains: fact.domains.filter((one) => this.ofDomain(one) === undefined) }, rule };
  }

  /** A rule that a text names, such as the raw form of a record that cannot be read: better lost than kept. */
  mentionedIn(text: string, installationId: string | null): ExclusionRule | undefined {
    const lower = text.toLowerCase();
    return (
      this.rules.find((rule) => rule.kind === 'installation' && rule.value === installationId) ??
      this.#byText.find(
        (rule) =>
          (rule.scope === '' || rule.scope === installationId) &&
          lower.includes(rule.value) &&
          (rule.kind !== 'pair' || (!rule.other.startsWith('account:') && lower.includes(rule.other))),
      )
    );
  }
}

export const nothingExcluded = new Exclusions([]);

function applies(rule: ExclusionRule, what: Excludable, people: ReadonlySet<string>): boolean {
  if (rule.scope !== '' && rule.scope !== what.installationId) return false;
  switch (rule.kind) {
    case 'installation':
      return rule.value === what.installationId;
    case 'person':
      return people.has(rule.value);
    case 'domain':
      return (
        [...people].some((address) => isBelow(domainOf(address) ?? '', rule.value)) ||
        (what.subject !== undefined && !what.subject.includes(':') && isBelow(what.subject.toLowerCase(), rule.value))
      );
    case 'pair':
      return people.has(rule.value) && people.has(rule.other);
    case 'label':
      return what.tags.some((tag) => isUnder(tag.toLowerCase(), rule.value));
    case 'keyword':
      return what.title !== undefined && what.title.toLowerCase().includes(rule.value);
  }
}

const isBelow = (domain: string, above: string): boolean => domain === above || domain.endsWith(`.${above}`);
/** Labels and folders nest by a stroke. */
const isUnder = (tag: string, above: string): boolean => tag === above || tag.startsWith(`${above}/`);
