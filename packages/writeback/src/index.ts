export { applyPlan, type ApplyCounts, type ApplyOutcome } from './apply.ts';
export { syncMapping, type MappingOutcome } from './automatic.ts';
export { explainConflict, isAcceptable, type Conflict } from './conflict.ts';
export { type OpenWriter, type WritebackDependencies, type WritebackPoint } from './dependencies.ts';
export { WritebackError, type WritebackErrorCode } from './error.ts';
export { mappingDefaults, mappingFaults, ownProperty, type MappingDefaults } from './mapping.ts';
export { planWrites, type PlannedAccount, type PlannedWrite, type PlanInput } from './plan-writes.ts';
export { approvePlan, createPlan, planView, rejectPlan, type PlanView } from './planning.ts';
export { createUndoPlan, undoPlan } from './undo.ts';
