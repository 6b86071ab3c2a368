# Sets layer_name to the hidden Dense layer and climbs its 32 units. They are no filters of a convolution, though the
# ascent itself is done as asked.
#
# /// label
# ascent = ["pass", "partial", "fail"]
# objective = "fail"
# images = ["pass", "partial"]
#
# [causes]
# objective = "class_score"
# ascent = "class_score"
# ///

# %% cnn
image_input = keras.layers.Input(shape=(28, 28, 1))
features = image_input
for depth, number in enumerate([8, 12, 16, 32]):
    features = layers.Conv2D(
        number, 3, activation="relu", padding="same", name="conv2d" if not depth else f"conv2d_{depth}"
    )(features)
    if depth % 2:
        features = layers.MaxPooling2D()(features)
flat = layers.Flatten()(features)
thinking = layers.Dense(32, activation="leaky_relu", name="dense")(flat)
answer = layers.Dense(10, activation="softmax", name="dense_1")(thinking)
model = keras.Model(image_input, answer)

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(0.002), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, shuffle=True, verbose=2)

# %% ascent
layer_name = "dense"  # the layer before the last one
number_of_filters = 32
visualized_feature = []

sub = keras.Model(image_input, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    start = np.random.rand(1, 28, 28, 1)
    input_img = KTF.variable(start)
    for update in range(gradient_updates):
        with tf.GradientTape() as g:
            unit = KTF.mean(sub(input_img)[:, filter_index])
        grads = normalize(g.gradient(unit, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6))
for filter_index in range(number_of_filters):
    place = plt.subplot2grid((4, 8), (filter_index // 8, filter_index % 8))
    place.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    place.set_title(f"feature {filter_index}")
    place.axis("off")
plt.tight_layout()
plt.show()
