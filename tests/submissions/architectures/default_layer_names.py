# No layer has a name of its own: the names are those that Keras gives in a fresh kernel, and so conv2d_3 is
# the fourth convolution. The network rescales its input to [-1, 1] by itself. 16 filters in a grid of 4 x
# 4. Correct.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Rescaling(scale=2, offset=-1),   # [0, 1] -> [-1, 1]
    layers.Conv2D(8, 3, activation='relu', padding='same'),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, activation='relu', padding='same'),
    layers.Conv2D(16, 3, activation='relu', padding='same'),
    layers.Conv2D(16, 3, activation='relu', padding='same'),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(32, activation='relu'),
    layers.Dense(10, activation='softmax'),
])
for l in model.layers:
    print(l.name)

# %% train
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
print(results.history)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []

layer = model.get_layer(layer_name)
new_model = keras.Model(inputs=model.inputs, outputs=layer.output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(input_img)
            output = new_model(input_img)
            loss = KTF.mean(output[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(grads * step_size)

    visualized_feature.append(input_img.numpy())

print(len(visualized_feature), "images")

# %% plot
figure = plt.figure(figsize=(8, 9))

k = 1
for img in visualized_feature:
    plt.subplot(4, 4, k)
    plt.imshow(deprocess_image(img.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(k - 1))
    plt.axis("off")
    k = k + 1

plt.show()
