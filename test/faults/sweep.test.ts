import { removeHome, temporaryHome } from '@waymark/store/testing/home';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSweep, type Swept } from './campaign.ts';
import { rounds } from './sweep.ts';

// A slice of what `node test/faults/main.ts --sweep` does at length.
const slice = ['cursor loss', '500', 'lost answer'];

describe('Waymark while every service fails in turn', () => {
  let folder: string;
  let swept: Swept;
  beforeAll(async () => {
    folder = await temporaryHome('sweep');
    swept = await runSweep(
      folder,
      rounds.filter((round) => slice.includes(round.name)),
    );
  }, 400_000);
  afterAll(() => removeHome(folder));

  it('meets each fault, and tells the admin of those that last', () => {
    expect(swept.rounds.map((round) => round.name)).toEqual(slice);
    expect(swept.rounds.filter((round) => round.hits.google + round.hits.hubspot === 0)).toEqual([]);
    expect(swept.rounds.find((round) => round.name === '500')?.shown).not.toEqual([]);
  });

  it('I1, I2, I3: ends with the rows and answers of an undisturbed reader', () => {
    expect(swept.verdict.lost).toEqual([]);
    expect(swept.verdict.doubled).toEqual([]);
    expect(swept.verdict.otherAnswers).toEqual([]);
  });

  it('I4, R14: found out what became of each post whose answer was lost', () => {
    expect(swept.verdict.alerts).toEqual([]);
    expect([...swept.alerts.values()].filter((state) => state === 'uncertain')).toEqual([]);
  });

  it('I5: wrote each stage once, though an answer was lost', () => {
    expect(swept.verdict.writes).toEqual([]);
  });
});
