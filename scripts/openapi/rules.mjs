// Rules of our own, for the linter.

/** What cannot be shown in a document of text. */
const BINARY = ['application/vnd.apache.parquet', 'application/pdf', 'application/octet-stream'];

/** Every body, of a request or an answer, has an example: its own, or that of its schema. */
function examples() {
  return {
    MediaType(mediaType, { key, report, resolve, location }) {
      if (BINARY.includes(key)) return;
      const schema = resolve(mediaType.schema ?? {}).node ?? {};
      const all = [mediaType.example, mediaType.examples, schema.example, schema.examples];
      if (all.every((example) => example === undefined)) {
        report({ message: 'There is no example.', location });
      }
    },
  };
}

export default () => ({
  id: 'orderlog',
  rules: { oas3: { examples } },
});
