# A figure for every lattice, the map over the spins, percent in the title.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(32, 32, 1)),
    layers.Conv2D(16, 3, activation="relu", padding="same"),
    layers.Conv2D(16, 3, activation="relu", padding="same"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="before"),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="last_conv"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax", name="classes"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)

# %% maps
answers = model.predict(x_test, verbose=0)
said, true = answers.argmax(1), y_test.argmax(1)
right, wrong = np.flatnonzero(said == true), np.flatnonzero(said != true)
chosen = [*right[:2], *wrong[:2]]
extractor = keras.Model(model.inputs, model.get_layer("last_conv").output)
features = extractor(x_test[chosen]).numpy()
weights, bias = model.get_layer("classes").get_weights()
maps = np.einsum("ihwk,kc->ichw", features, weights)

# %% plot
for i, k in enumerate(chosen):
    plt.figure(figsize=(8, 4))
    for c in (0, 1):
        plt.subplot(1, 2, c + 1)
        plt.imshow(x_test[k, ..., 0], cmap="binary", extent=(0, 32, 32, 0))
        plt.imshow(maps[i, c], cmap="bwr", alpha=0.6, extent=(0, 32, 32, 0), interpolation="bicubic")
        plt.title(f"T = {t_test[k]:.3f} ({PHASES[true[k]]}): {100 * answers[k, c]:.1f} % {PHASES[c]}")
    plt.show()
