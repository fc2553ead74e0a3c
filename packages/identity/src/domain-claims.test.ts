import { describe, expect, it } from 'vitest';
import { domainClaims, domainIn } from './domain-claims.ts';

const said = (subject: string, attributes: Record<string, unknown>, type = 'deal.created' as const) =>
  domainClaims({ type, subject, attributes }).map(({ key, domain }) => `${key}=${domain}`);

describe('what an imported event says of whose domain is whose', () => {
  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['77', { domain: 'Acme.Example' }, ['77=acme.example']],
    ['record:77', { domain: 'acme.example' }, ['77=acme.example']],
    ['77', { website: 'https://www.eu.acme.co.uk/shop?a=1' }, ['77=acme.co.uk']],
    ['77', { website: 'HTTP://ACME.EXAMPLE' }, ['77=acme.example']],
    ['77', { domain: '@acme.example' }, ['77=acme.example']],
    ['77', { domain: 'acme.example;acme.test, ' }, ['77=acme.example', '77=acme.test']],
    ['77', { domain: ['acme.example', 4, null] }, ['77=acme.example']],
    ['77', { domain: 'acme.example', website: 'acme.example' }, ['77=acme.example']],
    ['77', { domain: 'bücher.example' }, ['77=xn--bcher-kva.example']],
    ['Acme Inc.', { website: 'acme.example' }, ['Acme Inc.=acme.example']],
    ['acme.example', { crmId: 77 }, ['77=acme.example']],
    ['eu.acme.co.uk', { crmId: ' 0015g ' }, ['0015g=acme.co.uk']],
    ['acme.example', { crmId: 'acme.test' }, []],
    ['acme.example', { domain: 'acme.test' }, []],
    ['account:77', { domain: 'acme.example' }, []],
    ['77', { website: 'https://www.linkedin.com/company/acme' }, []],
    ['77', { website: 'https://sites.google.com/acme' }, []],
    ['77', { website: 'http://127.0.0.1:8080/' }, []],
    ['77', { website: 'n/a' }, []],
    ['77', { website: 'http://[::1]/' }, []],
    ['77', { website: `${'a'.repeat(3000)}.example` }, []],
    ['77', { website: { href: 'acme.example' } }, []],
    ['77', {}, []],
  ])('%s with %j', (subject, attributes, claims) => {
    expect(said(subject, attributes)).toEqual(claims);
  });

  it('takes a change of such a property of the CRM, and of no other', () => {
    const changed = (property: string) =>
      domainClaims({ type: 'crm.property_changed', subject: '77', attributes: { property, to: 'acme.example' } });
    expect(changed('Website')).toEqual([{ key: '77', domain: 'acme.example' }]);
    expect(changed('billing_portal')).toEqual([]);
  });

  it.each([
    ['zoe@acme.example', 'acme.example'],
    ['zoe@eu.acme.co.uk', 'acme.co.uk'],
    ['"zoe@gmail.com" <Zoe@Acme.Example>', 'acme.example'],
    ['zoe@acme.example, kim@other.example', 'acme.example'],
    ['Zoe', undefined],
    ['', undefined],
    ['zoe@', undefined],
    ['zoe@[127.0.0.1]', undefined],
    ['@'.repeat(1999), undefined],
    ['<'.repeat(1999), undefined],
  ])('finds the domain of %s', (text, domain) => {
    expect(domainIn(text)).toBe(domain);
  });
});
