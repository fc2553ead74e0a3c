export * from './content.ts';
export { digestContent, digestOrder } from './digest.ts';
export { holidayCalendar, type HolidayCalendar } from './holidays.ts';
export { evidenceShown, flagsShownWhole, textLimits, truncate } from './limits.ts';
export {
  planMessage,
  settledFlag,
  type Hold,
  type Intent,
  type OpenMessage,
  type PlanInput,
  type ShownFlag,
} from './plan.ts';
export * from './route.ts';
export { worstFirst } from './severity.ts';
export { nextMorning, nextOpening, startOfDay, type WorkCalendar, type WorkingHours } from './working-hours.ts';
export { isQuiet, isToDo, mostUrgentFirst, type WorklistAccount, type WorklistContent } from './worklist.ts';
