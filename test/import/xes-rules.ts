interface Component {
  readonly name: string;
  readonly keys: Set<string>;
  /** How far the order of children has come. */
  stage: number;
}

/** The order of a component's children, by the XML schema of IEEE 1849-2016 (https://www.xes-standard.org). */
const attributes = ['string', 'date', 'int', 'float', 'boolean', 'id', 'list'];
const children: Readonly<Record<string, readonly (readonly string[])[]>> = {
  log: [['extension'], ['global'], ['classifier'], attributes, ['trace'], ['event']],
  trace: [attributes, ['event']],
  event: [attributes],
  global: [attributes],
};

// xs:Name (https://www.w3.org/TR/xml/#NT-Name), xs:decimal, xs:dateTime, xs:long, xs:double, xs:boolean.
const start =
  ':A-Z_a-z\\u{c0}-\\u{d6}\\u{d8}-\\u{f6}\\u{f8}-\\u{2ff}\\u{370}-\\u{37d}\\u{37f}-\\u{1fff}\\u{200c}-\\u{200d}\\u{2070}-\\u{218f}\\u{2c00}-\\u{2fef}\\u{3001}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{fffd}\\u{10000}-\\u{effff}';
const name = new RegExp(`^[${start}][-.0-9\\u{b7}\\u{300}-\\u{36f}\\u{203f}-\\u{2040}${start}]*$`, 'u');
const forms: Readonly<Record<string, RegExp>> = {
  string: /^/,
  id: /^/,
  date: /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/,
  int: /^[+-]?\d{1,19}$/,
  float: /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|-?INF|NaN)$/,
  boolean: /^(?:true|false|0|1)$/,
};

const tag = /<\?[^>]*\?>|<(\/?)([a-z]+)((?: [A-Za-z.:]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;

/**
 * What of an XES text is not as the standard has it: its schema, keys that are once in a component, global attributes that every event
 * and trace has, classifiers over global attributes only, prefixes of declared extensions.
 */
export function xesFaults(xml: string): readonly string[] {
  const faults: string[] = [];
  const open: Component[] = [];
  const prefixes = new Set<string>();
  const globals = new Map<string, Set<string>>([
    ['trace', new Set()],
    ['event', new Set()],
  ]);
  let scope = '';
  let read = 0;
  for (const [whole, end, element = '', said = '', empty, text] of xml.matchAll(tag)) {
    read += whole.length;
    if (whole.startsWith('<?')) continue;
    if (text !== undefined) {
      if (text.trim() !== '') faults.push(`text: ${text.slice(0, 40)}`);
      continue;
    }
    if (end === '/') {
      const done = open.pop();
      if (done?.name !== element) return [...faults, `</${element}> closes ${done?.name ?? 'nothing'}`];
      const wanted = globals.get(element);
      for (const key of wanted ?? []) if (!done.keys.has(key)) faults.push(`a ${element} without ${key}`);
      continue;
    }
    const values = new Map(
      [...said.matchAll(/ ([A-Za-z.:]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    );
    const parent = open.at(-1);
    if (!parent && element !== 'log') faults.push(`<${element}> is the root`);
    if (parent) {
      const at = (children[parent.name] ?? []).findIndex((some) => some.includes(element));
      if (at < parent.stage) faults.push(`<${element}> in <${parent.name}> out of order`);
      parent.stage = Math.max(parent.stage, at);
    }
    if (element === 'log' && !/^\d+(?:\.\d+)?$/.test(values.get('xes.version') ?? ''))
      faults.push('xes.version is no decimal');
    if (element === 'extension') prefixes.add(values.get('prefix') ?? '');
    if (element === 'global') scope = values.get('scope') ?? '';
    if (element === 'classifier')
      for (const key of (values.get('keys') ?? '').split(' '))
        if (!globals.get(values.get('scope') ?? 'event')?.has(key))
          faults.push(`classifier over ${key}, which is not global`);
    if (attributes.includes(element)) {
      const key = values.get('key') ?? '';
      const value = values.get('value');
      if (!name.test(key)) faults.push(`key ${key}`);
      const prefix = /^([^:]*):/.exec(key)?.[1];
      if (prefix !== undefined && !prefixes.has(prefix)) faults.push(`no extension ${prefix}`);
      if (value === undefined || !forms[element]?.test(value)) faults.push(`${element} ${key} = ${value}`);
      if (parent?.keys.has(key)) faults.push(`key ${key} twice`);
      parent?.keys.add(key);
      if (parent?.name === 'global') globals.get(scope)?.add(key);
    }
    if (empty !== '/') open.push({ name: element, keys: new Set(), stage: 0 });
  }
  if (read < xml.length) faults.push(`not XML from character ${read} on: ${xml.slice(read, read + 60)}`);
  return [...faults, ...open.map((one) => `<${one.name}> is not closed`)];
}
