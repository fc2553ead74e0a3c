/** More options than this are not listed; those like the given one are. */
const MOST_LISTED = 12;

/** How many letters must be put in, left out, changed or swapped with their neighbor to make one word of another. */
function distance(from: string, to: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= from.length; row++) {
    const now = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (now[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1])
        least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      now.push(least);
    }
    [beforeLast, last] = [last, now];
  }
  return last[to.length] ?? 0;
}

/** The names that somebody who wrote `given` may have meant, the nearest first; none where nothing is like it. */
export function namesLike(given: string, names: Iterable<string>, most = 3): string[] {
  const wanted = given.toLowerCase().slice(0, 100);
  const words = wanted.split(/[^a-z0-9]+/).filter((word) => word.length > 3);
  return [...names]
    .map((name) => {
      const lower = name.toLowerCase();
      const shared = words.filter((word) => lower.includes(word)).length;
      return { name, far: distance(wanted, lower) / Math.max(1, wanted.length, lower.length) - shared * 0.15 };
    })
    .filter(({ far }) => far <= 0.4)
    .toSorted((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

/** What to do about a name that there is none of: the names that may have been meant, and all of them where they are few. */
export function remedyForName(given: unknown, names: Iterable<string>): string {
  const all = [...names];
  if (all.length === 0) return 'declare it first';
  const like = typeof given === 'string' ? namesLike(given, all) : [];
  const meant = like.length === 0 ? '' : `did you mean ${like.join(' or ')}?`;
  if (all.length > MOST_LISTED)
    return meant === ''
      ? `use one of the ${all.length} that docs/journey-definition.md lists, ${all.slice(0, 3).join(', ')} and so on`
      : meant;
  return `${meant === '' ? 'use' : `${meant} Use`} one of: ${all.join(', ')}`;
}
