"""What is watched: its definition, how it stands, and checks that somebody asks for."""
