/**
 * Named instants between two steps that have to be safe together. Nothing happens at them; a fault test passes a function that kills
 * the process there.
 */
export type PointName =
  | 'before-token-exchange'
  | 'token-stored'
  | 'page-read'
  | 'page-stored'
  | 'page-committed'
  | 'fold-stored'
  | 'fold-committed'
  | 'hint-stored'
  | 'post-claimed'
  | 'post-sent'
  | 'post-recorded'
  | 'write-claimed'
  | 'write-sent'
  | 'write-cleared';

export type Point = (name: PointName) => Promise<void>;

/** The point of ordinary life. */
export const noPoint: Point = () => Promise.resolve();
