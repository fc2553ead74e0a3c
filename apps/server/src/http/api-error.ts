import type { Context } from 'hono';
import { WritebackError } from '@waymark/writeback';
import { DefinitionError } from '@waymark/lifecycle';
import { DefinitionChangeError } from '../definitions.ts';
import { ConnectorFault } from '@waymark/connector-kit';
import { DecisionError, ExclusionError } from '@waymark/sync';
import { DisconnectError } from '../oauth/disconnect.ts';
import { errorForLog, type Waymark } from '../waymark.ts';

type Status = 400 | 404 | 409 | 413 | 429 | 502;

/** An answer of the API that is no success; the message says what to do. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: Status;

  constructor(status: Status, code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** There is no such thing in the workspace of the token; the same answer whether or not another workspace has it. */
export function missing(what: string): ApiError {
  return new ApiError(404, 'NOT_FOUND', `There is no such ${what} in this workspace.`);
}

const writebackStatus = {
  mapping_missing: 404,
  plan_missing: 404,
  plan_state: 409,
  not_acceptable: 409,
  lease_lost: 409,
} as const;

/** Turns what a handler threw into the API's one form of error. What is not foreseen is logged and told as our fault. */
export function answerError(waymark: Waymark): (error: Error, c: Context) => Response {
  return (error, c) => {
    const known = foreseen(error);
    if (known) return c.json({ error: { code: known.code, message: known.message } }, known.status);
    waymark.log.error({ err: errorForLog(error), path: new URL(c.req.url).pathname }, 'a request of the API failed');
    return c.json({ error: { code: 'FAILED', message: 'Something went wrong on our side; the log tells what.' } }, 500);
  };
}

function foreseen(error: Error): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof DecisionError || error instanceof ExclusionError)
    return new ApiError(409, error.code, error.message);
  if (error instanceof DisconnectError) return new ApiError(409, error.code, error.message);
  if (error instanceof DefinitionError)
    return new ApiError(400, error.code.toUpperCase().replaceAll('-', '_'), error.message);
  if (error instanceof DefinitionChangeError) return new ApiError(409, error.code, error.message);
  if (error instanceof WritebackError)
    return new ApiError(writebackStatus[error.code], error.code.toUpperCase(), error.message);
  if (error instanceof ConnectorFault)
    return new ApiError(502, `CRM_${error.fault.kind.toUpperCase().replaceAll('-', '_')}`, error.message);
  return undefined;
}
