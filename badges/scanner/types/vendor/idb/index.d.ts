// The scanner imports its libraries by the addresses of Django's static files; tsconfig.json maps them here.
export * from "idb";
