import type { JourneyMap, MapMove } from './journey-map.ts';
import { labelSize, mapLayout, stageSize, type PlacedMove, type PlacedStage } from './map-layout.ts';

export interface MapPicture {
  /** Where a stage leads when it is followed; without it, stages are not links. */
  readonly stageHref?: (stage: string) => string;
  readonly moveHref?: (from: string, to: string) => string;
}

/**
 * Draws the map as one SVG element: stages as cards, lived moves as arrows as thick as they are frequent, designed moves that nobody
 * made as dashed lines. It stands alone (its own style, light and dark) and inside a page. All texts are escaped.
 */
export async function mapSvg(map: JourneyMap, picture: MapPicture = {}): Promise<string> {
  const layout = await mapLayout(map);
  const most = Math.max(1, ...map.moves.map((move) => move.moves));
  const moves = [...layout.moves].toSorted((a, b) => a.move.moves - b.move.moves);
  return [
    `<svg class="journey-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${layout.width} ${layout.height}" width="${layout.width}" height="${layout.height}" role="img" aria-labelledby="map-title map-desc">`,
    `<title id="map-title">${escape(map.title)}: the journey of ${map.accounts} accounts</title>`,
    `<desc id="map-desc">${escape(describe(map))}</desc>`,
    style,
    `<defs>${['lived', 'unusual', 'forbidden', 'unused'].map(arrowHead).join('')}</defs>`,
    ...moves.map((placed) => drawMove(placed, most, picture)),
    ...layout.stages.map((placed) => drawStage(placed, picture)),
    ...moves.map((placed) => drawLabel(placed, picture)),
    '</svg>',
  ].join('\n');
}

/** The map in words: the text that stands in for the picture. */
function describe(map: JourneyMap): string {
  const title = (id: string): string => map.stages.find((stage) => stage.stage === id)?.title ?? id;
  const stages = map.stages.map(
    (stage) => `${stage.title}: ${stage.accountsNow} accounts now, ${stage.entered} entries`,
  );
  const moves = map.moves
    .filter((move) => move.moves > 0)
    .map((move) => `${title(move.from)} to ${title(move.to)}: ${move.moves} moves`);
  return `Stages. ${stages.join('; ')}. Moves. ${moves.length > 0 ? moves.join('; ') : 'none yet'}.`;
}

function kindOf(move: MapMove): 'lived' | 'unusual' | 'forbidden' | 'unused' {
  if (move.moves === 0) return 'unused';
  return move.judged === 'allowed' ? 'lived' : move.judged;
}

function arrowHead(kind: string): string {
  return `<marker id="map-${kind}" class="head ${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker>`;
}

function drawMove({ move, points }: PlacedMove, most: number, picture: MapPicture): string {
  if (points.length < 2) return '';
  const kind = kindOf(move);
  const width = move.moves === 0 ? 1 : 1.25 + 4 * (Math.log1p(move.moves) / Math.log1p(most));
  const path = points.map((point, index) => `${index === 0 ? 'M' : 'L'}${round(point.x)} ${round(point.y)}`).join(' ');
  const line = `<path class="move ${kind}" d="${path}" stroke-width="${round(width)}" marker-end="url(#map-${kind})"><title>${escape(moveText(move))}</title></path>`;
  return link(move.moves > 0 ? picture.moveHref?.(move.from, move.to) : undefined, line);
}

function moveText(move: MapMove): string {
  if (move.moves === 0) return `${move.from} to ${move.to}: designed, not seen yet`;
  const design = move.designed === 'no' ? 'not in the design' : 'as designed';
  return `${move.from} to ${move.to}: ${move.moves} moves by ${move.accounts} accounts, median ${days(move.before.medianDays)} before it (n ${move.before.n}), ${design}, ${move.judged}`;
}

function drawLabel({ move, label }: PlacedMove, picture: MapPicture): string {
  if (!label || move.moves === 0) return '';
  const text = `${move.moves}× · ${days(move.before.medianDays)}`;
  const box = `<g class="figures ${kindOf(move)}"><rect x="${round(label.x)}" y="${round(label.y)}" width="${labelSize.width}" height="${labelSize.height}" rx="9"/><text x="${round(label.x + labelSize.width / 2)}" y="${round(label.y + 13)}" text-anchor="middle">${escape(text)}</text></g>`;
  return link(picture.moveHref?.(move.from, move.to), box);
}

function drawStage({ stage, x, y }: PlacedStage, picture: MapPicture): string {
  const late = stage.overdue ? ` · ${stage.overdue} over ${stage.expectedDays} d` : '';
  const lines = [
    `${stage.entered} entered · ${stage.exited} left${late}`,
    `stay ${days(stage.completed.medianDays)} (n ${stage.completed.n}) · now ${days(stage.current.medianDays)} (n ${stage.current.n})`,
  ];
  const card = [
    `<g class="stage${stage.accountsNow === 0 ? ' empty' : ''}" transform="translate(${round(x)} ${round(y)})">`,
    `<rect width="${stageSize.width}" height="${stageSize.height}" rx="10"/>`,
    `<text class="name" x="14" y="27">${escape(stage.title)}</text>`,
    `<text class="count" x="${stageSize.width - 14}" y="31" text-anchor="end">${stage.accountsNow}</text>`,
    ...lines.map((line, index) => `<text class="small" x="14" y="${52 + index * 18}">${escape(line)}</text>`),
    '</g>',
  ].join('');
  return link(picture.stageHref?.(stage.stage), card);
}

function link(href: string | undefined, inner: string): string {
  return href === undefined ? inner : `<a href="${escape(href)}">${inner}</a>`;
}

const days = (value: number | null): string => (value === null ? '–' : `${value >= 10 ? Math.round(value) : value} d`);

const round = (value: number): number => Math.round(value * 10) / 10;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

const style = `<style>
.journey-map{--card:#fff;--edge:#c9ced6;--ink:#1c2430;--dim:#5f6b7a;--lived:#3b6fd4;--unusual:#b86e00;--forbidden:#b3261e;--unused:#a9b1bd;font-family:system-ui,sans-serif;max-width:100%;height:auto}
.journey-map .stage rect{fill:var(--card);stroke:var(--edge);stroke-width:1.25}.journey-map .stage.empty rect{stroke-dasharray:4 3}
.journey-map a:hover .stage rect,.journey-map a:focus .stage rect{stroke:var(--lived);stroke-width:2}
.journey-map text{fill:var(--ink)}.journey-map .name{font-size:15px;font-weight:600}.journey-map .count{font-size:22px;font-weight:700}.journey-map .small{font-size:12px;fill:var(--dim)}
.journey-map .move{fill:none;stroke-linejoin:round;stroke:var(--lived)}.journey-map .move.unusual{stroke:var(--unusual)}.journey-map .move.forbidden{stroke:var(--forbidden)}
.journey-map .move.unused{stroke:var(--unused);stroke-dasharray:4 4}
.journey-map .head{fill:var(--lived)}.journey-map .head.unusual{fill:var(--unusual)}.journey-map .head.forbidden{fill:var(--forbidden)}.journey-map .head.unused{fill:var(--unused)}
.journey-map .figures rect{fill:var(--card);stroke:var(--lived);stroke-width:1}.journey-map .figures.unusual rect{stroke:var(--unusual)}.journey-map .figures.forbidden rect{stroke:var(--forbidden)}
.journey-map .figures text{font-size:11px}
@media (prefers-color-scheme:dark){.journey-map{--card:#1d242e;--edge:#465060;--ink:#e8ecf2;--dim:#a3adba;--lived:#7da7ff;--unusual:#f0b45a;--forbidden:#ff8a80;--unused:#5c6675}}
</style>`;
