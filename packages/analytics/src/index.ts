export {
  journeyMap,
  type JourneyMap,
  type MapMove,
  type MapStage,
  type StagePath,
  type StageStay,
} from './journey-map.ts';
export { designedMoves, type DesignedMove } from './designed-moves.ts';
export { durationOf, type DurationSummary } from './duration.ts';
export { mapSvg, type MapPicture } from './map-svg.ts';
