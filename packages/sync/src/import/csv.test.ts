import { describe, expect, it } from 'vitest';
import { csvColumns, csvLines, CsvUnreadable, type CsvCounts } from './csv.ts';
import { MappingInvalid, parseCsvMapping } from './csv-mapping.ts';
import type { NumberedLine } from './lines.ts';
import { prepareLine } from './prepare.ts';

const mapping = (more = '', event = '') =>
  parseCsvMapping(`
source: helpdesk
zone: Europe/Berlin
${more}
events:
  - type: ticket.opened
    id: '{Case}-opened'
    time: { from: '{Opened}', format: 'dd.MM.yyyy HH:mm' }
    subject: '{Account}'
    data:
      ticket: '{Case}'
      requester: '{Mail}'
      priority: { from: '{Prio}', values: { hoch: high, mittel: medium }, else: null }
${event}
`);

const head = 'Case;Account;Mail;Opened;Prio;Closed';
const bytes = (text: string): Iterable<Uint8Array> => [Buffer.from(text)];

async function rows(chunks: Iterable<Uint8Array>, map = mapping(), onRow?: (counts: CsvCounts) => void) {
  const all: NumberedLine[] = [];
  for await (const block of csvLines(chunks, map, onRow)) all.push(...block);
  return all;
}
const event = (line: NumberedLine | undefined): unknown =>
  typeof line?.line === 'string' ? JSON.parse(line.line) : line?.line;

describe('the time of a row', () => {
  const timed = (format?: string) =>
    parseCsvMapping(
      JSON.stringify({
        source: 's',
        zone: 'UTC',
        events: [{ type: 'deal.created', time: { from: '{At}', ...(format && { format }) }, subject: '{Who}' }],
      }),
    );
  const timeOf = async (cell: string, format?: string) => {
    const [line] = await rows(bytes(`At,Who\n${cell},a.example\n`), timed(format));
    const found = event(line);
    const field = (name: string): unknown =>
      typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
    return field('time') ?? field('detail');
  };

  it('never depends on the day of the import', async () => {
    for (const cell of ['10:00', '12', '10:00:00Z', '1000'])
      expect(await timeOf(cell)).toBe('time: it is no time in ISO 8601: give its form as "format" in the mapping');
    for (const format of ['HH:mm', 'dd.MM.', "dd.MM. 'year'"]) expect(() => timed(format)).toThrow('a year in it');
    expect(await timeOf('20260301')).toBe('2026-03-01T00:00:00Z');
    expect(await timeOf('1.3.26', 'd.M.yy')).toBe('2026-03-01T00:00:00Z');
  });

  it('may be as mails have it', async () => {
    expect(await timeOf('"Thu, 20 Jun 1996 08:35:17 +0200"', 'rfc2822')).toBe('1996-06-20T06:35:17Z');
    expect(await timeOf('"20 Jun 1996 08:35 EST"', 'rfc2822')).toBe('1996-06-20T13:35:00Z');
    expect(await timeOf('"Thu, 20 Jun 1996 08:35:17 +0000 (GMT)"', 'rfc2822')).toBe('1996-06-20T08:35:17Z');
    expect(await timeOf('1996-06-20', 'rfc2822')).toBe('time: it is no time in the form rfc2822');
    expect(await timeOf('1452837318.000200', 'X')).toBe('2016-01-15T05:55:18Z');
  });

  it('may be a number of seconds or milliseconds since 1970', async () => {
    expect(await timeOf('1772357400', 'X')).toBe('2026-03-01T09:30:00Z');
    expect(await timeOf('1772357400123', 'x')).toBe('2026-03-01T09:30:00.123Z');
    expect(await timeOf('-1', 'X')).toBe('1969-12-31T23:59:59Z');
    for (const cell of ['1772357400.', '1e9', '999999999999999'])
      expect(await timeOf(cell, 'X')).toContain('the form X');
  });

  it('stands in its line though a spreadsheet names the delimiter first', async () => {
    const [line] = await rows(bytes('sep=|\r\nAt|Who\r\n2026-03-01|a;b.example\r\n'), timed());
    expect(line?.number).toBe(3);
    expect(event(line)).toMatchObject({ time: '2026-03-01T00:00:00Z', subject: 'a;b.example' });
  });
});

describe('a table becomes events', () => {
  it('by its mapping, with the number of the row’s first line', async () => {
    const lines = await rows(bytes(`${head}\r\n7;Fjord.example;zoe@fjord.example;01.03.2026 09:30;hoch;\r\n`));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.number).toBe(2);
    expect(event(lines[0])).toEqual({
      specversion: '1.0',
      id: '7-opened',
      source: 'helpdesk',
      type: 'ticket.opened',
      time: '2026-03-01T08:30:00Z',
      subject: 'Fjord.example',
      data: { ticket: '7', requester: 'zoe@fjord.example', priority: 'high' },
    });
    expect(prepareLine(lines[0]?.line ?? '')).toMatchObject({ ok: true, event: { subject: 'fjord.example' } });
  });

  it.each([
    ['a byte order mark', `\ufeff${head}\n7;a.example;;01.03.2026 09:30;;`],
    ['commas', `${head.replaceAll(';', ',')}\n7,a.example,,01.03.2026 09:30,,`],
    ['tabs', `${head.replaceAll(';', '\t')}\n7\ta.example\t\t01.03.2026 09:30\t\t`],
    [
      'quotation marks around everything',
      `"Case";"Account";"Mail";"Opened";"Prio";"Closed"\n"7";"a.example";"";"01.03.2026 09:30";"";""`,
    ],
    ['other columns and another order', 'Opened;Note;Account;Case;Mail;Prio\n01.03.2026 09:30;"a;b\nc";a.example;7;;'],
    ['blank lines', `${head}\n\n\n7;a.example;;01.03.2026 09:30;;\n\n`],
  ])('with %s', async (_name, text) => {
    const lines = await rows(bytes(text));
    expect(lines.map(event)).toMatchObject([
      { id: '7-opened', subject: 'a.example', time: '2026-03-01T08:30:00Z', data: { ticket: '7' } },
    ]);
  });

  it('cut into blocks at any byte', async () => {
    const text = Buffer.from(`\ufeff${head}\n7;å.example;;01.03.2026 09:30;;\n`);
    for (let at = 1; at < text.length; at += 1) {
      const lines = await rows([text.subarray(0, at), text.subarray(at)]);
      expect(lines.map(event)).toMatchObject([{ subject: 'å.example' }]);
    }
  });

  it('tells the line of a row behind rows of several lines', async () => {
    const lines = await rows(bytes(`${head}\n7;"a\n.\nexample";;01.03.2026 09:30;;\n8;b.example;;never;;\n`));
    expect(lines.map(({ number }) => number)).toEqual([2, 5]);
    expect(event(lines[1])).toMatchObject({
      reason: 'bad-cell',
      detail: 'time: it is no time in the form dd.MM.yyyy HH:mm',
    });
  });

  it('as several events of a row, each only where the row has it', async () => {
    const closed = `  - type: ticket.solved
    needs: [Closed]
    time: { from: '{Closed}', format: 'dd.MM.yyyy HH:mm' }
    subject: '{Account}'
    data: { ticket: '{Case}' }
  - type: ticket.escalated
    when: { Prio: [hoch, sehr hoch] }
    time: { from: '{Opened}', format: 'dd.MM.yyyy HH:mm' }
    subject: '{Account}'
    data: { ticket: '{Case}' }`;
    const text = `${head}\n7;a.example;;01.03.2026 09:30;hoch;02.03.2026 10:00\n8;a.example;;01.03.2026 09:30;mittel;`;
    const found = (await rows(bytes(text), mapping('', closed))).map(event);
    expect(found).toMatchObject([
      { type: 'ticket.opened' },
      { type: 'ticket.solved' },
      { type: 'ticket.escalated' },
      { type: 'ticket.opened' },
    ]);
  });

  it('the same row is the same event in a later export, wherever it stands', async () => {
    const plain = mapping().events[0];
    const map = { ...mapping(), events: plain ? [{ ...plain, id: undefined }] : [] };
    const strip = parseCsvMapping(JSON.stringify(map));
    const one = await rows(bytes(`${head}\n7;a.example;;01.03.2026 09:30;;`), strip);
    const later = await rows(bytes(`${head}\n6;a.example;;01.03.2026 09:00;;\n7;a.example;;01.03.2026 09:30;;`), strip);
    expect(event(later[1])).toEqual(event(one[0]));
    expect(event(later[0])).not.toMatchObject({ id: Reflect.get(Object(event(one[0])), 'id') });
  });

  it('counts what it leaves out on purpose, and refuses what no rule takes', async () => {
    const counts: CsvCounts[] = [];
    const when = mapping("skip: [{ Prio: '-' }]", '').events[0];
    const map = parseCsvMapping(
      JSON.stringify({
        source: 's',
        zone: 'UTC',
        skip: [{ Prio: '-' }],
        events: [{ ...when, when: { Prio: 'hoch' } }],
      }),
    );
    const text = `${head}\n1;a.example;;01.03.2026 09:30;hoch;\n2;a.example;;01.03.2026 09:30;-;\n3;a.example;;01.03.2026 09:30;x;`;
    const lines = await rows(bytes(text), map, (now) => counts.push(now));
    expect(counts.at(-1)).toEqual({ rows: 3, skipped: 1 });
    expect(lines.map(event)).toMatchObject([{ type: 'ticket.opened' }, { reason: 'not-mapped' }]);
  });

  it('reads numbers in the ways they are written, and none where there is none', async () => {
    const usage = (decimal: string) =>
      parseCsvMapping(`
source: usage
events:
  - { type: usage.recorded, time: '{day}', subject: '{account}', data: { metric: seats, value: { from: '{n}', number: true, decimal: '${decimal}' } } }
`);
    const value = async (n: string, decimal: string) =>
      event((await rows(bytes(`day\taccount\tn\n2026-03-01T00:00:00Z\ta.example\t${n}`), usage(decimal)))[0]);
    expect(await value('1,234.5', '.')).toMatchObject({ data: { value: 1234.5 } });
    expect(await value('1.234,5', ',')).toMatchObject({ data: { value: 1234.5 } });
    expect(await value('€1,234.50', '.')).toMatchObject({ data: { value: 1234.5 } });
    expect(await value('-1.234,50 EUR', ',')).toMatchObject({ data: { value: -1234.5 } });
    expect(await value('1’234.5', '.')).toMatchObject({ data: { value: 1234.5 } });
    expect(await value('12 months', '.')).toMatchObject({ reason: 'bad-cell' });
    expect(await value('12%', '.')).toMatchObject({ reason: 'bad-cell' });
    expect(await value('1 234', '.')).toMatchObject({ data: { value: 1234 } });
    for (const none of ['n/a', '1e9', '12,5', '0x10', '1,23'])
      expect(await value(none, '.'), none).toMatchObject({ reason: 'bad-cell' });
    expect(await value('12,5', ',')).toMatchObject({ data: { value: 12.5 } });
  });

  it('C2: takes no time for UTC that names no zone', async () => {
    const map = (zone: string) =>
      parseCsvMapping(`{ source: s, ${zone} events: [{ type: account.renewed, time: '{at}', subject: '{who}' }] }`);
    const at = async (time: string, zone = '') => event((await rows(bytes(`at;who\n${time};a.example`), map(zone)))[0]);
    expect(await at('2026-03-01 09:30:00')).toMatchObject({
      reason: 'bad-cell',
      detail: expect.stringContaining('zone'),
    });
    expect(await at('2026-03-01 09:30:00', 'zone: America/New_York,')).toMatchObject({ time: '2026-03-01T14:30:00Z' });
    expect(await at('2026-03-01T09:30:00+02:00')).toMatchObject({ time: '2026-03-01T07:30:00Z' });
  });
});

describe('a table that cannot be read says what to do', () => {
  it('in another encoding than it is said to be', async () => {
    const latin = Buffer.from(`${head}\n7;caf\u00e9.example;;01.03.2026 09:30;;`, 'latin1');
    await expect(rows([latin])).rejects.toThrow(/encoding: windows-1252/);
    await expect(rows([latin])).rejects.toBeInstanceOf(CsvUnreadable);
    expect((await rows([latin], mapping('encoding: windows-1252'))).map(event)).toMatchObject([
      { subject: 'café.example' },
    ]);
    const wide = Buffer.from(`\ufeff${head}\n7;a.example;;01.03.2026 09:30;;`, 'utf16le');
    await expect(rows([wide])).rejects.toThrow(/encoding: utf-16le/);
    expect(await rows([wide], mapping('encoding: utf-16le'))).toHaveLength(1);
  });

  it('with a quotation mark that is never closed', async () => {
    await expect(rows(bytes(`${head}\n7;"a.example;;01.03.2026 09:30;;\n8;b.example;;;;\n`))).rejects.toThrow(
      /quotation mark is not closed/,
    );
    const long = `${head}\n7;"${'x'.repeat(1_100_000)}`;
    await expect(rows(bytes(long))).rejects.toThrow(/quotation mark is not closed/);
  });

  it('without the columns of the mapping, with one of them twice, or without anything', async () => {
    await expect(rows(bytes('Case;Account\n7;a.example'))).rejects.toThrow(
      /"Opened".*the file has the columns "Case", "Account"/,
    );
    await expect(rows(bytes(`${head};Case\n`))).rejects.toThrow(/two columns "Case"/);
    await expect(rows(bytes(head.replace('Opened', 'Opend')))).rejects.toThrow(/"Opened" \(did you mean "Opend"\?\)/);
    // Of columns that nobody asks for, many may have one name.
    const comments = `${head};Comment;Comment\n7;a.example;;01.03.2026 09:30;;;one;two\n`.replace(';;;one', ';;one');
    expect((await rows(bytes(comments))).map(event)).toMatchObject([{ id: '7-opened' }]);
    const own = parseCsvMapping('{ source: s, events: [{ type: deal.created, time: "{At}", subject: "{Who}" }] }');
    const doubled = `At,Who,Note,Note\n2026-03-01T00:00:00Z,a.example,x,y\n2026-03-01T00:00:00Z,a.example,z,y\n`;
    const ids = (await rows(bytes(doubled), own)).map(event).map((one) => JSON.stringify(one));
    expect(new Set(ids).size).toBe(2);
    await expect(rows(bytes(''))).rejects.toThrow(/empty/);
    await expect(rows(bytes('Case;Account\n7;a.example'))).rejects.toBeInstanceOf(MappingInvalid);
  });

  it('refuses a row with more cells than columns, alone', async () => {
    const lines = await rows(bytes(`${head}\n7;a.example;;01.03.2026 09:30;;;;x\n8;a.example;;01.03.2026 09:30;;;;\n`));
    expect(lines.map(event)).toMatchObject([{ reason: 'too-many-cells' }, { id: '8-opened' }]);
  });

  it('names its columns for who writes a mapping', async () => {
    expect(await csvColumns(bytes(`\ufeff"Case";Account \r\n`))).toEqual(['Case', 'Account']);
  });
});

it('a mapping is checked before the file is read', () => {
  const wrong = (text: string) => () => parseCsvMapping(text);
  expect(wrong('source: [')).toThrow(MappingInvalid);
  expect(wrong('{ source: s, events: [] }')).toThrow(/events/);
  expect(wrong('{ source: s, zone: Mars/Base, events: [{ type: a, time: b, subject: c }] }')).toThrow(/zone/);
  expect(wrong('{ source: s, encoding: klingon, events: [{ type: a, time: b, subject: c }] }')).toThrow(/encoding/);
  expect(wrong('{ source: s, extra: 1, events: [{ type: a, time: b, subject: c }] }')).toThrow(/extra/i);
  expect(wrong('a: &a [x]\nb: *a')).toThrow(MappingInvalid);
});

it.each([
  [
    'a field that is misspelled and one that is missing',
    'source: desk\nevents:\n  - type: ticket.opened\n    tiem: "{At}"\n    subject: "{Who}"\n    data: { ticket: "{Id}" }\n',
    [
      /^Correct 2 places in desk\.yaml:$/m,
      /desk\.yaml:4 events\.0\.tiem: there is no field "tiem" here; .*did you mean time/,
      /desk\.yaml:3 events\.0\.time: this is missing; add it: a text/,
    ],
  ],
  ['no events', 'source: desk\n', [/desk\.yaml:1 events: this is missing; add it: a list/]],
  ['nothing', '', [/desk\.yaml:1 \(file\): the file is empty; begin with one of the examples/]],
  [
    'a key of another tool',
    '{ source: s, columns: [a], events: [{ type: account.renewed, time: b, subject: c }] }',
    [/there is no field "columns" here; .*what can stand here is source, delimiter, encoding, zone, skip, events/],
  ],
  [
    'a zone that is none',
    '{ source: s, zone: Berlin/Europe, events: [{ type: account.renewed, time: b, subject: c }] }',
    [/zone: it is the text "Berlin\/Europe"; give a time zone, such as Europe\/Berlin/],
  ],
  [
    'a number that should be a text',
    '{ source: 7, events: [{ type: account.renewed, time: b, subject: c }] }',
    [/source: it is the number 7; put it in quotes: '7'/],
  ],
  [
    'what a cell cannot have',
    '{ source: s, events: [{ type: account.renewed, time: { from: "{At}", fromat: yyyy }, subject: c }] }',
    [/events\.0\.time\.fromat: there is no field "fromat" here; .*did you mean .*format/],
  ],
  [
    'a name that no field can have',
    '{ source: s, events: [{ type: account.renewed, time: b, subject: c, data: { "a b": x } }] }',
    [/data\.a b: "a b" cannot be a name here; use letters, digits and underscores/],
  ],
  [
    'a type that is none, by itself and among those that a cell tells',
    '{ source: s, events: [{ type: email.recieved, time: b, subject: c }, { type: { from: "{T}", values: { W: deal.one } }, time: b, subject: c }] }',
    [
      /events\.0\.type: "email\.recieved" is no type of the vocabulary; did you mean email\.received/,
      /events\.1\.type\.values\.W: "deal\.one" is no type of the vocabulary; did you mean .*deal\.won/,
    ],
  ],
  [
    'a field that the type needs',
    '{ source: s, events: [{ type: email.received, time: b, subject: c }] }',
    [/events\.0\.data: email\.received needs "from", which is missing; add it under data: from: '\{Column\}'/],
  ],
  ['no YAML', 'source: [', [/desk\.yaml:1 \(file\): .*; mend the YAML/]],
])('a mapping with %s is refused with line, field and remedy', (_what, text, patterns) => {
  let message = '';
  try {
    parseCsvMapping(text, 'desk.yaml');
  } catch (error) {
    if (!(error instanceof MappingInvalid)) throw error;
    message = error.message;
  }
  for (const pattern of patterns) expect(message).toMatch(pattern);
  expect(message).toContain('docs/import.md');
  expect(message).not.toMatch(/Invalid input|expected|received undefined|Unrecognized/);
});

it('a mapping may say in other words what an import understands', () => {
  const map = (type: string, data: string) =>
    parseCsvMapping(`{ source: s, events: [{ type: ${type}, time: '{At}', subject: '{Who}', data: { ${data} } }] }`);
  expect(map('meeting.cancelled', "participants: '{Who}'").events).toHaveLength(1);
  expect(map('email.received', "sender: '{Who}'").events).toHaveLength(1);
  expect(() => map('ticket.closed', "ticket: '{Id}'")).toThrow(/did you mean ticket\.solved\?/);
  expect(() => map('email.received', "to: '{Who}'")).toThrow(/needs "from"/);
});

describe('the account of a row', () => {
  const byMail = parseCsvMapping(`
source: desk
events:
  - type: email.received
    needs: [Id]
    time: '{At}'
    subject: { from: '{From}', domain: true }
    data: { from: '{From}', to: '{To}' }
`);
  const said = async (cells: string) => {
    const [line] = await rows(bytes(`Id,At,From,To\n${cells}\n`), byMail);
    const found = event(line);
    const field = (name: string): unknown =>
      typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined;
    return field('subject') ?? field('detail');
  };

  it('is the domain of an address or a site, where that says whose it is', async () => {
    const at = '1,2026-03-01T00:00:00Z';
    expect(await said(`${at},zoe@eu.acme.co.uk,`)).toBe('acme.co.uk');
    expect(await said(`${at},"""Lee, Zoe"" <zoe@acme.example>",`)).toBe('acme.example');
    expect(await said(`${at},zoe@acme.example (Zoe),`)).toBe('acme.example');
    expect(await said(`${at},https://www.acme.example/en,`)).toBe('acme.example');
    expect(await said(`${at},zoe@gmail.com,`)).toBe(
      'subject: an address at gmail.com does not say whose customer it is',
    );
    expect(await said(`${at},Zoe,`)).toBe('subject: there is no domain in it');
  });

  it('is told to be missing by the name of its column, as are time and what a rule needs', async () => {
    expect(await said('1,2026-03-01T00:00:00Z,,')).toBe('subject: there is nothing in {From}');
    expect(await said('1,,zoe@acme.example,')).toBe('time: there is nothing in {At}');
    expect(await said(',2026-03-01T00:00:00Z,zoe@acme.example,')).toBe(
      'no rule of the mapping takes this row (empty: Id): add one, or skip it',
    );
  });
});
