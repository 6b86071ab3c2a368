# First the wrong ones, the surest of them; the places are an array of NumPy.
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
true = np.argmax(y_test, axis=1)
p_true = answers[np.arange(1000), true]
order = np.argsort(p_true)
chosen = np.concatenate([order[:2], order[-2:]])
extractor = keras.Model(model.inputs, model.get_layer("last_conv").output)
features = extractor(x_test[chosen]).numpy()
weights, bias = model.get_layer("classes").get_weights()
maps = np.stack([features @ weights[:, c] for c in (0, 1)], axis=1)

# %% plot
fig, axes = plt.subplots(4, 3, figsize=(9, 12))
for i, k in enumerate(chosen):
    axes[i, 0].imshow(x_test[k].squeeze(), cmap="gray")
    axes[i, 0].set_title(f"T={t_test[k]:.2f} {PHASES[true[k]]}")
    for c in range(2):
        axes[i, c + 1].imshow(tf.image.resize(np.asarray(maps)[i, c][..., None], (32, 32))[..., 0], cmap="coolwarm")
        axes[i, c + 1].set_title(f"{PHASES[c]} {answers[k, c]:.3f}")
plt.show()
