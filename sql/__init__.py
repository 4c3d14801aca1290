"""The schema and the ways to it: models, migrations, roles and grants, named statements, the engine."""
