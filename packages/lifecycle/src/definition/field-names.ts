type Block = Readonly<Record<string, unknown>>;

function isBlock(value: unknown): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A node of the schema as all the blocks that it may be: references followed, choices opened. */
function opened(node: unknown, root: Block, depth = 0): readonly Block[] {
  if (!isBlock(node) || depth > 8) return [];
  if (typeof node.$ref === 'string') {
    const steps = node.$ref.replace(/^#\/?/, '').split('/').filter(Boolean);
    const target = steps.reduce<unknown>((at, step) => (isBlock(at) ? at[step] : undefined), root);
    return opened(target, root, depth + 1);
  }
  const choices = [node.anyOf, node.oneOf, node.allOf].flatMap((list) => (Array.isArray(list) ? list : []));
  return [node, ...choices.flatMap((one) => opened(one, root, depth + 1))];
}

/** The fields that may stand in the block at a path of what a JSON Schema describes, in its order; empty where any name may. */
export function fieldNamesAt(root: Block, path: readonly PropertyKey[]): readonly string[] {
  const nodes = path.reduce<readonly Block[]>(
    (at, step) =>
      at.flatMap((node) => {
        if (typeof step === 'number') return opened(node.items, root);
        const { properties } = node;
        const named = isBlock(properties) ? properties[String(step)] : undefined;
        return opened(named ?? node.additionalProperties, root);
      }),
    opened(root, root),
  );
  return [...new Set(nodes.flatMap(({ properties }) => (isBlock(properties) ? Object.keys(properties) : [])))];
}
