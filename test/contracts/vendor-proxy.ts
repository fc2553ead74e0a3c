import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

/** One exchange that went through the proxy, and how it differs from the vendor's contract. */
const exchangeSchema = z.looseObject({
  method: z.string(),
  url: z.string(),
  operation: z.string().optional(),
  status: z.number(),
  violations: z.array(z.looseObject({ where: z.string(), code: z.string(), message: z.string().optional() })),
  responseViolations: z.array(
    z.looseObject({ where: z.string().optional(), code: z.string(), message: z.string().optional() }),
  ),
});
export type Exchange = z.infer<typeof exchangeSchema>;

/** A proxy in front of one service of the sandbox. */
export interface VendorProxy {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  readonly close: () => Promise<void>;
}

interface Running {
  readonly port: number;
  readonly close: () => Promise<void>;
}
type Start = (options: object) => Promise<Running>;
type Load = (files: readonly string[]) => object;

/** The proxy of the folder that `WAYMARK_CONTRACTS_DIR` names. */
export interface ProxyFolder {
  /** Stands in front of `upstream` and holds what passes to these contracts, files within the folder's `specs`. */
  readonly open: (upstream: string, contracts: readonly string[]) => Promise<VendorProxy>;
  readonly remove: () => Promise<void>;
}

/** Loads the proxy from a copy of its folder, which may be read-only and has no modules of its own. */
export async function proxyFolder(source: string): Promise<ProxyFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-contracts-'));
  await cp(source, folder, { recursive: true });
  await symlink(resolve(import.meta.dirname, '../../node_modules'), join(folder, 'node_modules'));
  const loaded: unknown = await import(pathToFileURL(join(folder, 'contract-proxy.mjs')).href);
  const { startProxy, loadContracts } = z
    .object({
      startProxy: z.custom<Start>((value) => typeof value === 'function'),
      loadContracts: z.custom<Load>((value) => typeof value === 'function'),
    })
    .parse(loaded);
  return {
    open: async (upstream, contracts) => {
      const exchanges: Exchange[] = [];
      const running = await startProxy({
        contract: loadContracts(contracts.map((name) => join(folder, 'specs', name))),
        port: 0,
        upstream,
        record: (exchange: unknown) => exchanges.push(exchangeSchema.parse(exchange)),
      });
      return { url: `http://127.0.0.1:${running.port}`, exchanges, close: running.close };
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Distinct operations of the contract that were called. */
export function operationsOf(exchanges: readonly Exchange[]): string[] {
  return [...new Set(exchanges.flatMap((one) => one.operation ?? []))].sort();
}

/** What differs from the contract, a line for each kind of difference, with how often it was seen. */
export function differences(
  exchanges: readonly Exchange[],
  side: 'violations' | 'responseViolations',
  isExcused: (exchange: Exchange, code: string, message: string, where: string) => boolean,
): string[] {
  const counted = new Map<string, number>();
  for (const exchange of exchanges) {
    for (const { where = '', code, message = '' } of exchange[side]) {
      if (isExcused(exchange, code, message, where)) continue;
      const line = `${exchange.operation ?? `${exchange.method} ${exchange.url.split('?')[0]}`}: ${where} ${code} ${message}`;
      counted.set(line, (counted.get(line) ?? 0) + 1);
    }
  }
  return [...counted].map(([line, count]) => `${line} (${count}×)`).sort();
}
