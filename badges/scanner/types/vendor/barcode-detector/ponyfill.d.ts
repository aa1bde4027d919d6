export * from "barcode-detector/ponyfill";
