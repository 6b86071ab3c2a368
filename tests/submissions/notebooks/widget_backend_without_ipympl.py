# Asks for figures as widgets (%matplotlib widget), for which ipympl would be needed. Right.
#
# /// label
# ///

# %% cnn
def pool(size=2):
    return layers.MaxPooling2D(size)


first = [
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    pool(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
]
second = [layers.Conv2D(24, 3, activation="relu", name="conv2d_2"), pool(), layers.Conv2D(15, 3, name="conv2d_3")]
third = [layers.Activation("relu"), layers.Flatten(), layers.Dense(10, activation="softmax")]
model = keras.Sequential([layers.Input(shape=(28, 28, 1)), *first, *second, *third])
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(1e-3), metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=32, verbose=0)
print("training accuracy:", *("%.3f" % a for a in results.history["accuracy"]))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 15
visualized_feature = []

G = keras.Model(model.inputs, model.get_layer(layer_name).output)
for k in range(number_of_filters):
    x = tf.random.uniform((1, 28, 28, 1))
    for t in range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(x)  # x is a tensor and no variable
            a = tf.reduce_mean(G(x)[..., k])
        x = x + step_size * normalize(tape.gradient(a, x))
    visualized_feature.append(x.numpy())

# %% plot
%matplotlib widget
figure = plt.figure(figsize=(7.5, 5))
panels = figure.subplot_mosaic([[5 * row + column for column in range(5)] for row in range(3)])
for k, panel in panels.items():
    panel.imshow(deprocess_image(visualized_feature[k].copy())[0, :, :, 0], cmap="gray")
    panel.set_title(f"feature {k}")
    panel.axis("off")
plt.show()
