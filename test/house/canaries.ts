/**
 * What must never be read in any output: canaries that fixtures plant as secrets and as what a person wrote, and everything that
 * has the shape of a token or secret of the sandbox.
 */
const secretShapes: readonly RegExp[] = [
  /\bCANARY-[\w-]+/g,
  /\bcanary-(token|secret|extra|verifier)\b/g,
  /\bwaymark-demo-(secret|signing)\b/g,
  /\bya29\.[\w-]{16,}/g,
  /\b1\/\/0[\w-]{16,}/g,
  /\bxox[abeprs]-[\w-]{8,}/g,
  /\bxapp-\d-[\w-]{8,}/g,
  /\bCPjaW5jcmVhc2Vk[\w-]{16,}/g,
  /\b(na|eu|ap)\d-[\w-]{30,}/g,
  /\bpostgres(?:ql)?:\/\/[^\s:/@]+:[^\s@]{3,}@/g,
];

/** The secrets in a text, shortened so that the finding does not repeat them. Empty when there are none. */
export function secretsIn(text: string): readonly string[] {
  return secretShapes.flatMap((shape) => [...text.matchAll(shape)].map(([found]) => `${found.slice(0, 12)}…`));
}
