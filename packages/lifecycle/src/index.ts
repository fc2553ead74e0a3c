export { ENGINE_VERSION, compileJourney, definitionDigest, type CompiledJourney } from './journey.ts';
export { DefinitionError, parseDefinition, type DefinitionIssue } from './definition-file.ts';
export { advance, fold, reduce, view, type Advanced, type EngineState } from './engine.ts';
export { explain, verifyProof, type Verdict } from './explain.ts';
export { isIntact } from './proof.ts';
export * from './state.ts';
export { templateFile, templateNames, type TemplateName } from './template.ts';
