import { ConnectorFault, type Fault } from '@waymark/connector-kit';

/** There is no vendor that could fail: what is thrown is either a fault already or a defect of ours, which passes or shows again. */
export function classify(error: unknown): Fault {
  if (error instanceof ConnectorFault) return error.fault;
  return {
    kind: 'transient',
    message: error instanceof Error ? error.message.slice(0, 300) : 'The inbox was not read.',
  };
}
