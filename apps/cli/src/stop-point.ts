import { noPoint, type Point } from '@waymark/sync';

/**
 * For fault tests: a point function that kills this process with SIGKILL at a named instant, at its n-th passing (`page-stored:3`).
 * Without a name nothing ever happens.
 */
export function stopPoint(spec: string | undefined): Point {
  if (spec === undefined) return noPoint;
  const [name, nth = '1'] = spec.split(':');
  let left = Number(nth);
  return (passed) => {
    if (passed === name) left -= 1;
    if (passed === name && left === 0) process.kill(process.pid, 'SIGKILL');
    return Promise.resolve();
  };
}
