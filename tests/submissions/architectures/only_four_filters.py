# The last convolution has 4 filters only, so there are 4 images, in a grid of 2 x 2. The activations of the
# ascent are plotted as well, in a figure of their own. Everything that the network has to show is shown:
# correct.
#
# /// label
# ///

# %% cnn
# I want to see whether a very narrow network can still do it: only 4 feature maps at the end
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, activation="leaky_relu", padding="same", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_1"),
    layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_2"),
    layers.Conv2D(4, 3, activation="leaky_relu", padding="same", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, verbose=2)
print("It can:", model.evaluate(x_test, y_test, verbose=0))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 4
visualized_feature = []
curves = []

part = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    curve = []

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(part(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        curve.append(float(loss))

    visualized_feature.append(input_img.numpy())
    curves.append(curve)

plt.figure(figsize=(5, 3))
for filter_index, curve in enumerate(curves):
    plt.plot(curve, label=f"filter {filter_index}")
plt.xlabel("update")
plt.ylabel("mean activation")
plt.legend()
plt.show()

# %% plot
figure = plt.figure(figsize=(6, 6.5))

for i in range(4):
    plt.subplot(2, 2, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
