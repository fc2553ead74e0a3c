/** The text of a journey of two stages and nothing else, for tests that add to it or change a line. */
export const small = `id: small
version: 1
title: Small
type: linear
stages:
  - id: start
    title: Start
    enter:
      - from: [none]
  - id: live
    title: Live
    enter:
      - from: [start]
        when: { signal: days_in_stage, op: '>=', value: 30 }
`;
