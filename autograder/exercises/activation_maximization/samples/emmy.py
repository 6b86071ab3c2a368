# emmy: everything right. She follows the skeleton of the notebook line by line: a sequential model, one
# filter after the other, the gradient normalised, fifty steps uphill.

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 5, activation="relu", padding="same", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_1"),
        layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"),
        layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

plt.plot(results.history["loss"], "o-")
plt.xlabel("epoch")
plt.ylabel("loss")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

# the model up to the layer
up_to_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. noise
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))

    for update in range(gradient_updates):
        # 2. mean activation of this filter
        with tf.GradientTape() as tape:
            loss = KTF.mean(up_to_layer(input_img)[:, :, :, filter_index])

        # 3. gradient, normalised
        grads = normalize(tape.gradient(loss, input_img))

        # 4. uphill
        input_img.assign_add(step_size * grads)

    # 5. keep it
    visualized_feature.append(input_img.numpy())
    print(filter_index, float(loss))

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")

plt.tight_layout()
plt.show()
