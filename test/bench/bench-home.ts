import { removeHome, temporaryHome } from '@waymark/store/testing/home';

/** A folder for one row of the benchmark, removed when its work has ended. */
export async function inHome<T>(name: string, work: (home: string) => Promise<T>): Promise<T> {
  const home = await temporaryHome(`bench-${name}`);
  try {
    return await work(home);
  } finally {
    await removeHome(home);
  }
}
