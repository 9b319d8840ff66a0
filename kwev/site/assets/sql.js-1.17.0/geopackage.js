// A plan of the page "Change the plan" as a GeoPackage (OGC 12-128r15), written by SQLite in the page.
// kwevGeoPackage(SQL, actions) gives the bytes; SQL is what initSqlJs of sqlite/sql-wasm-inline.js promises.
var kwevGeoPackage = (function () {
  "use strict";
  var SRS = 4326, APPLICATION = 0x47504b47, VERSION = 10200;
  var WGS84 = 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],' +
    'UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]';
  var TABLES = [
    "PRAGMA application_id = " + APPLICATION, "PRAGMA user_version = " + VERSION,
    "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL, " +
      "organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)",
    "CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, " +
      "description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), " +
      "min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER REFERENCES gpkg_spatial_ref_sys(srs_id))",
    "CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL REFERENCES gpkg_contents(table_name), column_name TEXT NOT NULL, " +
      "geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL REFERENCES gpkg_spatial_ref_sys(srs_id), z TINYINT NOT NULL, " +
      "m TINYINT NOT NULL, PRIMARY KEY (table_name, column_name))",
    "INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined cartesian', -1, 'NONE', -1, 'undefined', NULL), " +
      "('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL), ('WGS 84', " + SRS + ", 'EPSG', " + SRS + ", '" + WGS84 + "', NULL)"
  ];

  // Header without envelope (little endian), then a point as well-known binary.
  function point(longitude, latitude) {
    var bytes = new Uint8Array(29), view = new DataView(bytes.buffer);
    bytes.set([0x47, 0x50, 0, 1]);
    view.setInt32(4, SRS, true);
    view.setUint8(8, 1);
    view.setUint32(9, 1, true);
    view.setFloat64(13, longitude, true);
    view.setFloat64(21, latitude, true);
    return bytes;
  }

  function kind(values) {
    if (values.some(function (value) { return typeof value !== "number"; })) return "TEXT";
    return values.every(Number.isInteger) ? "INTEGER" : "REAL";
  }

  return function (SQL, actions) {
    var db = new SQL.Database(), names = actions.length ? Object.keys(actions[0]) : [];
    var columns = names.map(function (name) {
      return '"' + name + '" ' + kind(actions.map(function (action) { return action[name]; }));
    });
    function most(of, key) { return of.apply(null, actions.map(function (action) { return action[key]; })); }
    TABLES.forEach(function (text) { db.run(text); });
    db.run("CREATE TABLE plan (" + ["fid INTEGER PRIMARY KEY AUTOINCREMENT", "geom POINT"].concat(columns).join(", ") + ")");
    db.run("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ["plan", "features", "plan", "A plan made on the page Change the plan"].concat(
        actions.length ? [most(Math.min, "longitude"), most(Math.min, "latitude"), most(Math.max, "longitude"), most(Math.max, "latitude")] : [null, null, null, null],
        [SRS]));
    db.run("INSERT INTO gpkg_geometry_columns VALUES ('plan', 'geom', 'POINT', " + SRS + ", 0, 0)");
    var row = db.prepare("INSERT INTO plan VALUES (NULL, ?" + names.map(function () { return ", ?"; }).join("") + ")");
    actions.forEach(function (action) {
      row.run([point(action.longitude, action.latitude)].concat(names.map(function (name) { return action[name]; })));
    });
    row.free();
    var bytes = db.export();
    db.close();
    return bytes;
  };
})();
