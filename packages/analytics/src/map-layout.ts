import type { ElkNode } from 'elkjs/lib/elk-api.js';
import type { JourneyMap, MapMove, MapStage } from './journey-map.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedStage {
  readonly stage: MapStage;
  readonly x: number;
  readonly y: number;
}

export interface PlacedMove {
  readonly move: MapMove;
  readonly points: readonly Point[];
  /** Where its figures stand, top left. */
  readonly label: Point | null;
}

/** The map placed on a plane, in pixels. */
export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly stages: readonly PlacedStage[];
  readonly moves: readonly PlacedMove[];
}

export const stageSize = { width: 232, height: 86 } as const;
export const labelSize = { width: 92, height: 18 } as const;

// https://eclipse.dev/elk/reference/options.html
const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.spacing.nodeNode': '40',
  'elk.spacing.edgeNode': '20',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '3',
  'elk.layered.spacing.nodeNodeBetweenLayers': '44',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_DOWN',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
};

/** Places stages in the order of the definition and routes the moves around them. */
export async function mapLayout(map: JourneyMap): Promise<MapLayout> {
  // Loaded with the first map: the layout engine is 1.5 MB, and most processes never draw.
  const { default: elk } = await import('elkjs/lib/elk.bundled.js');
  const wanted: ElkNode = {
    id: 'map',
    layoutOptions: options,
    children: map.stages.map((stage) => ({ id: stage.stage, ...stageSize })),
    edges: map.moves.map((move) => ({
      id: `${move.from}>${move.to}`,
      sources: [move.from],
      targets: [move.to],
      labels: move.moves > 0 ? [{ text: 'figures', ...labelSize }] : [],
    })),
  };
  const graph = await new elk.default().layout(wanted);
  const nodes = new Map((graph.children ?? []).map((node) => [node.id, node]));
  const edges = new Map((graph.edges ?? []).map((edge) => [edge.id, edge]));
  return {
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    stages: map.stages.map((stage) => {
      const node = nodes.get(stage.stage);
      return { stage, x: node?.x ?? 0, y: node?.y ?? 0 };
    }),
    moves: map.moves.map((move) => {
      const edge = edges.get(`${move.from}>${move.to}`);
      const label = edge?.labels?.[0];
      return {
        move,
        points: (edge?.sections ?? []).flatMap((part) => [part.startPoint, ...(part.bendPoints ?? []), part.endPoint]),
        label: label?.x === undefined || label.y === undefined ? null : { x: label.x, y: label.y },
      };
    }),
  };
}
